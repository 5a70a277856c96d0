import type { BrokerPlan } from '../plan';
import type { Book } from './book';
import { Violation } from './violation';

/** The heartbeats of plain workers of ours, in ms. */
const PLAIN_MS = 250;
/** What turns of processes add, in ms. */
const TURNS_MS = 25;

/**
 * Where nothing goes wrong, nobody leaves more than an interval between two messages: brokers to workers and packed
 * clients, and those to brokers (docs/PROTOCOL.md, "Liveness"; RFC 7 and 18, "Heartbeating").
 */
export function checkBeats(
  book: Book,
  { heartbeatMs, tickMs }: BrokerPlan & { readonly tickMs: number },
  delayMs: number,
): void {
  const { now } = book.broker;
  const sendsMs = heartbeatMs + 2 * tickMs + TURNS_MS;
  for (const { sentAt, heardAt, packed, service } of book.served.values()) {
    if (now - sentAt > sendsMs) {
      throw new Violation('heartbeat', `a worker of ${service} was sent nothing for ${now - sentAt} ms`);
    }
    const hearsMs = (packed ? heartbeatMs : PLAIN_MS) + delayMs + TURNS_MS;
    if (now - heardAt > hearsMs) {
      throw new Violation('heartbeat', `a worker of ${service} said nothing for ${now - heardAt} ms`);
    }
  }
  for (const { sentAt, heardAt } of book.clients.values()) {
    if (now - sentAt > sendsMs)
      throw new Violation('heartbeat', `a client was sent nothing for ${now - sentAt} ms`);
    if (now - heardAt > heartbeatMs + delayMs + TURNS_MS) {
      throw new Violation('heartbeat', `a client said nothing for ${now - heardAt} ms`);
    }
  }
}
