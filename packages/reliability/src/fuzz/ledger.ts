import {
  decodeAtBroker,
  packedClientAtBroker,
  packedHalf,
  packedWorkerAtBroker,
  REJECTION_REASONS,
  socketFrameBytesMax,
  type Limits,
  type RejectionReason,
} from '@majordomo/protocol';
import type { Frames } from './message';

/**
 * What a broker has to have counted, by what was sent to it.
 *
 * A plain message is refused or not whatever came before it. So is a packed one that a fresh session refuses for any
 * reason but a number of a service; of all others it depends on the session whether they are taken.
 */
export class Ledger {
  messages = 0;
  bytes = 0;
  /** Messages that are refused in any session. */
  refused = 0;
  /** Messages of which the session decides. */
  undecided = 0;
  /** Plain messages that are refused, by reason. */
  readonly plain = new Map<RejectionReason, number>();

  constructor(private readonly limits: Limits) {}

  /** True for what can be sent without being cut off by the socket, and is no message of ZeroMQ's own. */
  isSendable(frames: Frames): boolean {
    const frameBytesMax = socketFrameBytesMax(this.limits);
    return frames.length > 0 && frames.every(({ length }) => length <= frameBytesMax);
  }

  /** Writes down a message that is sent. */
  sent(frames: Frames): void {
    this.messages++;
    for (const frame of frames) this.bytes += frame.length;
    // To a broker, one empty frame alone says that a connection opened or closed.
    if (frames.length === 1 && frames[0]?.length === 0) return;
    const half = packedHalf(frames);
    const reason = half ? this.#packed(half, frames) : this.#plain(frames);
    if (reason !== undefined) this.refused++;
    else if (half) this.undecided++;
  }

  #plain(frames: Frames): RejectionReason | undefined {
    const decoded = decodeAtBroker(frames, this.limits);
    if (decoded.ok) return undefined;
    const { reason } = decoded.rejection;
    this.plain.set(reason, (this.plain.get(reason) ?? 0) + 1);
    return reason;
  }

  #packed(half: 'client' | 'worker', frames: Frames): RejectionReason | undefined {
    const session = half === 'client' ? packedClientAtBroker() : packedWorkerAtBroker();
    const decoded = session.decode(frames[0]?.length === 0 ? frames.slice(1) : frames, this.limits);
    if (decoded.ok || decoded.rejection.reason === 'bad_service_number') return undefined;
    return decoded.rejection.reason;
  }

  /** What does not add up in what a broker has counted, one line each. */
  objections(rejections: Readonly<Record<string, number>>): string[] {
    const total = Object.values(rejections).reduce((sum, count) => sum + count, 0);
    const objections = REJECTION_REASONS.flatMap((reason) => {
      const [counted, known] = [rejections[reason] ?? 0, this.plain.get(reason) ?? 0];
      return counted < known ? [`${reason}: counted ${counted}, sent ${known}`] : [];
    });
    const most = this.refused + this.undecided;
    if (total < this.refused || total > most) {
      objections.push(`${total} messages refused, ${this.refused} to ${most} were to be`);
    }
    return objections;
  }
}
