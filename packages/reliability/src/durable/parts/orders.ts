import { z } from 'zod';
import type { Entry, Reply } from '../ledger';

/*
 * Bodies. A request: the order as JSON, and a payload made of its token. A reply: who answers what as JSON, and the
 * payload back.
 */

const orderSchema = z.strictObject({
  token: z.string().min(1),
  want: z.enum(['work', 'flaky', 'doomed']),
  bytes: z.number().int().min(0),
});
const answerSchema = z.strictObject({ token: z.string(), run: z.string(), bytes: z.number().int().min(0) });

export type Order = z.infer<typeof orderSchema>;

const json = (value: object): Buffer => Buffer.from(JSON.stringify(value));
const read = (bytes: Uint8Array | undefined): unknown => JSON.parse(Buffer.from(bytes ?? []).toString());
const payloadOf = (token: string, bytes: number): Buffer => Buffer.alloc(bytes, `${token} `);

/** The frames of a request. */
export function framesOf({ token, want, bytes }: Entry): Buffer[] {
  return [json({ token, want, bytes } satisfies Order), payloadOf(token, bytes)];
}

/** @throws ZodError, SyntaxError where it is none of ours */
export function orderOf([head]: readonly Uint8Array[]): Order {
  return orderSchema.parse(read(head));
}

/** The token in the frames of a request; null where they are none of ours, or their payload is not what was sent. */
export function tokenOf(frames: readonly Uint8Array[]): string | null {
  try {
    const { token, bytes } = orderOf(frames);
    return payloadOf(token, bytes).equals(frames[1] ?? new Uint8Array()) ? token : null;
  } catch {
    return null;
  }
}

/** The frames of a reply. */
export function answerOf({ token, bytes }: Order, run: string): Buffer[] {
  return [json({ token, run, bytes }), payloadOf(token, bytes)];
}

/** What stands in the frames of a reply; names are empty where they are none of ours. */
export function replyIn(frames: readonly Uint8Array[]): Reply {
  try {
    const { token, run, bytes } = answerSchema.parse(read(frames[0]));
    return { token, run, intact: payloadOf(token, bytes).equals(frames[1] ?? new Uint8Array()) };
  } catch {
    return { token: '', run: '', intact: false };
  }
}
