import {
  Body,
  DEFAULT_LIMITS,
  DISCONNECT,
  encodeText,
  HEARTBEAT,
  mdp01,
  mdp02,
  NO_METADATA,
  opening,
  packedClient,
  PRIORITY_DEFAULT,
  REVISION,
  type ClientRequest,
  type ClientToBroker,
  type Frame,
} from '@majordomo/protocol';
import { requestBody, type Work } from './bodies';
import { ForeignPeer } from './foreign-peer';

const WORK: Work = { ms: 2, partials: 0, end: 'reply', padding: 0 };

abstract class ForeignClient extends ForeignPeer {
  /** What it has asked for so far. */
  protected readonly numbers: number[] = [];

  protected work(): Work {
    return { ...WORK, ms: this.random.between(1, 30), partials: this.random.between(0, 4) };
  }

  protected request(id: number, number: number): ClientRequest {
    return {
      kind: 'request',
      id,
      service: this.misbehaves() ? `odd-${this.random.between(0, 9)}` : this.plan.service,
      body: requestBody(number, this.work(), 0),
      remainingMs: this.random.chance(0.5) ? 0 : this.random.between(1, 800),
      window: this.random.between(0, 6),
      priority: this.random.between(0, 9),
      failFast: this.random.chance(0.2),
      metadata: NO_METADATA,
    };
  }

  /** A new number, or one that it has asked for before: a client that sends again what was not answered. */
  protected number(): number {
    if (this.numbers.length > 0 && this.misbehaves()) return this.random.pick(this.numbers);
    const number = this.world.nextNumber();
    this.numbers.push(number);
    return number;
  }

  protected lost(): void {
    // What it asked for is not asked for again by itself.
  }
}

/** A plain client that asks for many things on one connection, vanishes, comes back, asks again. */
export class ForeignPlainClient extends ForeignClient {
  readonly #dialect = this.plan.kind === 'client-0.1' ? mdp01 : mdp02;

  protected opened(): void {
    this.step();
  }

  protected heard(): void {
    // Whose reply it is, whoever watches the broker's side knows.
  }

  protected step(): void {
    if (this.misbehaves() && this.random.chance(0.4)) {
      this.again();
      return;
    }
    for (let count = this.random.between(1, 5); count > 0; count--) {
      const dialect = this.misbehaves() ? this.random.pick([mdp01, mdp02]) : this.#dialect;
      this.send(
        dialect.clientToBroker.encode({ ...this.request(0, this.number()), priority: PRIORITY_DEFAULT }),
      );
    }
  }
}

/** A packed client that says what it likes: ids twice, CANCEL and WINDOW of nothing, HELLO in the middle. */
export class ForeignPackedClient extends ForeignClient {
  #session = packedClient();
  #ids = 0;
  #welcome = false;

  protected opened(): void {
    this.#session = packedClient();
    this.#ids = 0;
    this.#welcome = false;
    this.#session.add(HELLO);
    this.send(opening(this.#session.take()));
    if (this.misbehaves() && this.random.chance(0.3)) this.#say(this.request(++this.#ids, this.number()));
  }

  #say(command: ClientToBroker): void {
    this.#session.add(command);
    this.send(this.#session.take());
  }

  protected heard(frames: readonly Frame[]): void {
    const decoded = this.#session.decode(frames, DEFAULT_LIMITS);
    if (!decoded.ok) return;
    for (const { kind } of decoded.command) {
      if (kind === 'welcome') this.#welcome = true;
      if (kind !== 'disconnect') continue;
      this.again();
      return;
    }
  }

  protected step(): void {
    if (!this.#welcome) return;
    if (this.misbehaves()) {
      this.#mischief();
      return;
    }
    if (this.random.chance(0.2)) this.#say(HEARTBEAT);
    for (let count = this.random.between(1, 5); count > 0; count--) {
      this.#say(this.request(++this.#ids, this.number()));
      if (this.random.chance(0.2)) this.#say({ kind: 'cancel', id: this.#ids });
      if (this.random.chance(0.4))
        this.#say({ kind: 'window', id: this.#ids, more: this.random.between(1, 9) });
    }
  }

  #mischief(): void {
    const known = Math.max(1, this.#ids);
    switch (this.random.between(0, 6)) {
      case 0:
        this.#say(this.request(known, this.number()));
        return;
      case 1:
        this.#say({ kind: 'cancel', id: this.random.between(1, known + 5) });
        return;
      case 2:
        this.#say({ kind: 'window', id: this.random.between(1, known + 5), more: 0xffff_ffff });
        return;
      case 3:
        this.#say(HELLO);
        return;
      case 4:
        this.again();
        return;
      case 5:
        this.#say(DISCONNECT);
        this.again();
        return;
      default:
        this.send(mdp02.clientToBroker.encode(this.request(0, this.world.nextNumber())));
    }
  }
}

const HELLO: ClientToBroker = {
  kind: 'hello',
  revision: REVISION,
  heartbeatMs: 500,
  capabilities: 0,
  metadata: NO_METADATA,
};

/** Somebody who sends what is nothing, almost something, or something that it should not be. */
export class Noise extends ForeignPeer {
  protected opened(): void {
    this.step();
  }

  protected heard(): void {
    // It does not listen.
  }

  protected lost(): void {
    // Nor does it mind.
  }

  protected step(): void {
    if (this.random.chance(0.1)) {
      this.again();
      return;
    }
    this.send(this.random.chance(0.3) ? [new Uint8Array(0)] : this.#distorted());
  }

  /** A message of some dialect with something wrong. */
  #distorted(): Frame[] {
    const frames = [...this.random.pick(this.#samples())];
    for (let count = this.random.between(0, 2); count > 0; count--) {
      const at = this.random.between(0, Math.max(0, frames.length - 1));
      const frame = frames[at] ?? new Uint8Array(0);
      switch (this.random.between(0, 4)) {
        case 0:
          frames.splice(at, 1);
          break;
        case 1:
          frames.splice(at, 0, frame);
          break;
        case 2:
          frames[at] = frame.slice(0, this.random.between(0, frame.length));
          break;
        case 3:
          frames[at] = this.#flipped(frame);
          break;
        default:
          frames.splice(at, 0, new Uint8Array(this.random.between(0, 20)));
      }
    }
    return frames.length > 0 ? frames : [encodeText('?')];
  }

  #flipped(frame: Frame): Frame {
    const bytes = frame.slice();
    if (bytes.length > 0) {
      const at = this.random.between(0, bytes.length - 1);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << this.random.between(0, 7));
    }
    return bytes;
  }

  #samples(): Frame[][] {
    const body = Body.of('noise');
    const request = { ...TEMPLATE, service: this.plan.service, body };
    const packed = packedClient();
    packed.add(HELLO);
    packed.add({ ...request, id: 7 });
    const heartbeat = [mdp01, mdp02].map(({ workerToBroker }) => workerToBroker.encode(HEARTBEAT) ?? []);
    return [
      mdp01.clientToBroker.encode(request) ?? [],
      mdp02.clientToBroker.encode(request) ?? [],
      packed.take(),
      ...heartbeat,
    ];
  }
}

const TEMPLATE = {
  kind: 'request',
  id: 0,
  remainingMs: 300,
  window: 1,
  priority: PRIORITY_DEFAULT,
  failFast: false,
  metadata: NO_METADATA,
} as const;
