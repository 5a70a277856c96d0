import { defineService, implement } from '@majordomo/contracts';

/** A schema of nobody's library: text, of so many characters at the most. */
const text = (/** @type {number} */ max) => ({
  '~standard': {
    version: /** @type {const} */ (1),
    vendor: 'probe',
    validate: (/** @type {unknown} */ value) =>
      typeof value === 'string' && value.length <= max
        ? { value }
        : { issues: [{ message: `should be text of ${max} characters at the most` }] },
  },
});

const shout = defineService({ name: 'shout', request: text(5), reply: text(6) });
const body = await shout.encodeRequest('hello');
if (String(body) !== '"hello"') throw new Error(`"hello" was encoded as ${String(body)}`);
try {
  await shout.encodeRequest('too long for it');
  throw new Error('what does not fit was taken');
} catch (error) {
  if (/** @type {{ code: string }} */ (error).code !== 'CONTRACT_MISMATCH') throw error;
}
if (typeof implement(shout, (word) => `${word}!`) !== 'function') throw new Error('there is no handler');
