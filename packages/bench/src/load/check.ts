import type { Caller } from '../peers/caller';

/** A body of this many bytes: the same for all peers, printable, since BullMQ carries text only. */
export function bodyOf(bytes: number): Uint8Array {
  return Buffer.alloc(bytes, 'x');
}

/** Makes one call and holds the reply against the request: what does not echo is not measured. */
export async function checkEcho<Reply>(caller: Caller<Reply>, bytes: number): Promise<void> {
  const got = caller.bytesOf(await caller.call(bodyOf(bytes)));
  if (got !== bytes) throw new Error(`the reply to ${bytes} bytes has ${got}`);
}
