import { connect } from 'node:net';
import { targetOf } from './way';

/** The first bytes of whoever speaks ZMTP 3 (ZeroMQ RFC 37): signature and version. What follows would say a mechanism. */
const OPENING = Uint8Array.of(0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0x7f, 3, 0);
const VERSION_AT = 10;
const MECHANISM_AT = 12;
const MECHANISM_BYTES = 20;
/** Bytes of a greeting up to the end of the mechanism. */
const ENOUGH = MECHANISM_AT + MECHANISM_BYTES;

/**
 * The mechanism that an endpoint wants, such as `NULL` or `CURVE`, by its own greeting; `undefined` where none comes in
 * time, or what comes is no greeting of ZeroMQ. Each side of ZeroMQ hangs up on the other's mechanism, and which of the
 * two is first is chance: so this side never says one.
 */
export async function readMechanism(endpoint: string, timeoutMs: number): Promise<string | undefined> {
  const socket = connect(targetOf(endpoint));
  const timer = setTimeout(() => socket.destroy(), timeoutMs);
  let greeting = Buffer.alloc(0);
  try {
    socket.write(OPENING);
    for await (const chunk of socket) {
      greeting = Buffer.concat([greeting, chunk as Buffer]);
      if (!isOpening(greeting)) return undefined;
      if (greeting.length > VERSION_AT && (greeting[VERSION_AT] ?? 0) < 3) return 'NULL';
      if (greeting.length >= ENOUGH) break;
    }
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
  if (greeting.length < ENOUGH) return undefined;
  return greeting.toString('latin1', MECHANISM_AT, ENOUGH).replace(/\0+$/, '');
}

/** Whether what came so far can be the beginning of a greeting. */
function isOpening(greeting: Buffer): boolean {
  if (greeting[0] !== 0xff) return false;
  return greeting.length < VERSION_AT || ((greeting[VERSION_AT - 1] ?? 0) & 1) === 1;
}
