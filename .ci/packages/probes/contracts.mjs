import { defineService, implement } from '@majordomo/contracts';
import { isMajordomoError } from '@majordomo/protocol';
import { z } from 'zod';

const shout = defineService({
  name: 'shout',
  request: z.object({ word: z.string().max(5) }),
  reply: z.object({ loud: z.string() }),
});
const body = await shout.encodeRequest({ word: 'hello' });
if (String(body) !== '{"word":"hello"}') throw new Error(`it was encoded as ${String(body)}`);
try {
  await shout.encodeRequest({ word: 'too long for it' });
  throw new Error('what does not fit was taken');
} catch (error) {
  if (!isMajordomoError(error, 'CONTRACT_MISMATCH')) throw error;
}
const handler = implement(shout, ({ word }) => ({ loud: `${word.toUpperCase()}!` }));
if (typeof handler !== 'function') throw new Error('there is no handler');
