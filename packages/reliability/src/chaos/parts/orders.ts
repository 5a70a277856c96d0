import { Body } from '@majordomo/protocol';
import { z } from 'zod';
import { replyFrameSchema, type ReplyFrame } from '../ledger';

/**
 * What a request asks of the worker. Frames of a request: the order as JSON, and a payload. Frames of a reply: one for
 * each PARTIAL and one for the FINAL, as JSON, and the payload behind the last.
 */
const orderSchema = z.strictObject({
  id: z.string(),
  /** How long the handler takes, in ms; with PARTIALs, before each of them. */
  workMs: z.number().int().min(0),
  /** PARTIALs before the FINAL. */
  partials: z.number().int().min(0),
  /** True where the handler throws a ServiceError in place of its last reply. */
  fail: z.boolean(),
});

export type Order = z.infer<typeof orderSchema>;

/** The body of a request. */
export function bodyOf(order: Order, payload: Buffer): Body {
  return new Body([Buffer.from(JSON.stringify(order)), payload]);
}

/** @throws ZodError, SyntaxError where it is none of ours */
export function orderOf(body: Body): { order: Order; payload: Uint8Array } {
  const [head, payload = new Uint8Array()] = body.frames;
  return { order: orderSchema.parse(JSON.parse(Buffer.from(head ?? []).toString())), payload };
}

/** The body of one reply. */
export function replyBody(frame: ReplyFrame, payload?: Uint8Array): Body {
  const head = Buffer.from(JSON.stringify(frame));
  return new Body(payload ? [head, payload] : [head]);
}

/** What a client reads out of the bodies of a reply, however many of them came as one. */
export class ReplyReader {
  readonly frames: ReplyFrame[] = [];
  #payload: Uint8Array | undefined;

  /** @throws ZodError, SyntaxError where a frame is none of ours */
  read(body: Body): void {
    let afterLast = false;
    for (const bytes of body.frames) {
      if (afterLast) {
        this.#payload = bytes;
        return;
      }
      const frame = replyFrameSchema.parse(JSON.parse(Buffer.from(bytes).toString()));
      this.frames.push(frame);
      afterLast = frame.last;
    }
  }

  /** True where the payload came back as it was sent. */
  isIntact(payload: Buffer): boolean {
    return this.#payload !== undefined && payload.equals(this.#payload);
  }
}
