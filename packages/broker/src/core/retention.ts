import type { Body } from '@majordomo/protocol';

/** A message that bodies of requests are part of. */
export interface Batch {
  readonly bytes: number;
  /** Requests under way whose bodies are in it. */
  live: number;
}

/** What has a body in a batch. */
interface Holder {
  batch: Batch | undefined;
  readonly body: Body;
}

/** Messages may be kept alive up to this many bytes, and so many times the bytes that are really wanted of them. */
const FREE_BYTES = 64 * 1_024 * 1_024;
const FREE_FACTOR = 4;

/**
 * Sees to it that small bodies do not keep large messages alive. The bodies of a packed message are part of it, and
 * copying each out would cost more than all else; but one slow request per message would keep all of them. So the
 * messages that are still wanted are added up, and where they are far more than what is wanted of them, those bodies
 * move into memory of their own.
 */
export class Retention {
  #current: Batch | undefined;
  #bytes = 0;

  /** Bytes of all messages that are kept alive. */
  get bytes(): number {
    return this.#bytes;
  }

  /** A packed message of so many bytes came: the requests received next are part of it. */
  begin(bytes: number): void {
    this.#current = { bytes, live: 0 };
  }

  /** The message is over; what comes next is in memory of its own. */
  end(): void {
    this.#current = undefined;
  }

  /** The message that a request is part of, from now on kept alive by it. */
  hold(): Batch | undefined {
    const batch = this.#current;
    if (batch && batch.live++ === 0) this.#bytes += batch.bytes;
    return batch;
  }

  /** A request does not need its message any more. */
  release(holder: Holder): void {
    const { batch } = holder;
    if (!batch) return;
    holder.batch = undefined;
    if (--batch.live === 0) this.#bytes -= batch.bytes;
  }

  /** True where bodies should move out, given the bytes of all bodies. */
  isExcessive(wantedBytes: number): boolean {
    return this.#bytes > FREE_BYTES + FREE_FACTOR * wantedBytes;
  }

  /** Moves a body out of its message. */
  moveOut(holder: Holder): void {
    if (!holder.batch) return;
    holder.body.detach();
    this.release(holder);
  }
}
