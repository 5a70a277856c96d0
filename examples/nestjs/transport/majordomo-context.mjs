import { BaseRpcContext } from '@nestjs/microservices';

/** @typedef {import('@majordomo/worker').WorkerRequest} WorkerRequest */
/** @typedef {import('@majordomo/worker').HandlerContext} HandlerContext */

/** What `@Ctx()` gives to a handler: the request as it came, and how long there is for it. */
export class MajordomoContext extends BaseRpcContext {
  /** @returns {WorkerRequest} */
  get request() {
    return this.getArgByIndex(0);
  }

  /** Fires once nobody wants the result any more. @returns {AbortSignal} */
  get signal() {
    return this.getArgByIndex(1).signal;
  }

  /** How long the client still waits, in ms. @returns {number} */
  get remainingMs() {
    return this.getArgByIndex(1).remainingMs;
  }
}
