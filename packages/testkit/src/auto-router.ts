import type { ClientRequest, WorkerCommand } from './raw-broker';

/** What the router has done for it. */
interface Effects {
  sendRequest(worker: Buffer, address: Buffer, body: Buffer[]): void;
  answer(kind: 'partial' | 'final', request: ClientRequest, body: Buffer[]): void;
  disconnect(worker: Buffer): void;
}

interface Session {
  worker: Buffer;
  service: string;
  job?: ClientRequest;
}

interface Service {
  requests: ClientRequest[];
  /** Idle workers, the one that has waited longest first. */
  waiting: Session[];
}

/** The routing of a minimal broker: a queue of requests and a queue of waiting workers per service. */
export class AutoRouter {
  readonly #effects: Effects;
  readonly #services = new Map<string, Service>();
  /** By identity in hex. */
  readonly #sessions = new Map<string, Session>();

  constructor(effects: Effects) {
    this.#effects = effects;
  }

  /** Takes a client's request. */
  request(request: ClientRequest): void {
    this.#service(request.service).requests.push(request);
    this.#dispatch(request.service);
  }

  /** Takes a worker's command; an unknown worker that sends anything but READY is told to DISCONNECT. */
  command({ worker, command, service, address, body }: WorkerCommand): void {
    const session = this.#sessions.get(worker.toString('hex'));
    if (command === 'ready' && service !== undefined) {
      this.#forget(session);
      this.#welcome({ worker, service });
    } else if (command === 'disconnect') {
      this.#forget(session);
    } else if (session === undefined) {
      this.#effects.disconnect(worker);
    } else if (address !== undefined && body !== undefined) {
      this.#answered(session, command === 'partial' ? 'partial' : 'final', address, body);
    }
  }

  #welcome(session: Session): void {
    this.#sessions.set(session.worker.toString('hex'), session);
    this.#service(session.service).waiting.push(session);
    this.#dispatch(session.service);
  }

  #answered(session: Session, kind: 'partial' | 'final', address: Buffer, body: Buffer[]): void {
    const { job } = session;
    if (job === undefined || !job.client.equals(address)) {
      this.#forget(session);
      this.#effects.disconnect(session.worker);
      return;
    }
    this.#effects.answer(kind, job, body);
    if (kind === 'partial') return;
    delete session.job;
    this.#service(session.service).waiting.push(session);
    this.#dispatch(session.service);
  }

  #forget(session: Session | undefined): void {
    if (session === undefined) return;
    this.#sessions.delete(session.worker.toString('hex'));
    const service = this.#service(session.service);
    service.waiting = service.waiting.filter((other) => other !== session);
  }

  #dispatch(name: string): void {
    const service = this.#service(name);
    while (service.requests.length > 0 && service.waiting.length > 0) {
      const session = service.waiting.shift() as Session;
      const request = service.requests.shift() as ClientRequest;
      session.job = request;
      this.#effects.sendRequest(session.worker, request.client, request.body);
    }
  }

  #service(name: string): Service {
    let service = this.#services.get(name);
    if (service === undefined) this.#services.set(name, (service = { requests: [], waiting: [] }));
    return service;
  }
}
