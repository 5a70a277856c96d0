// The clients of one generation: what they ask, of whom, and what must come back. Its last line is a JSON object with the
// number of exchanges by broker and worker.
import assert from 'node:assert/strict';
import { Client } from '@majordomo/client';

/** @type {{ generations: string[], brokers: Record<string, string>, dialects: import('@majordomo/protocol').DialectName[] }} */
const { generations, brokers, dialects } = JSON.parse(String(process.env['PAIRING']));

const FRAMES = ['', 'small', new Uint8Array(1_000_000).map((_, at) => at % 251), 'ünïcode'];
const TIMEOUT = { timeoutMs: 30_000 };

/**
 * @param {Client} client
 * @param {string} to the end of the names of services
 * @param {{ packed: boolean, partials: boolean }} both what client and worker can say
 * @returns {Promise<number>} how many exchanges
 */
async function converse(client, to, { packed, partials }) {
  const reply = await client.request(`echo ${to}`, FRAMES, TIMEOUT);
  assert.deepEqual(reply.frames.map(Buffer.from), FRAMES.map(Buffer.from));

  const counted = [];
  for await (const { kind, body } of client.stream(`count ${to}`, '3', TIMEOUT)) {
    counted.push(kind, ...body.frames.map((_, frame) => body.text(frame)));
  }
  const oneByOne = ['partial', '1', 'partial', '2', 'partial', '3', 'final', 'counted'];
  assert.deepEqual(counted, partials ? oneByOne : ['final', '1', '2', '3', 'counted']);

  if (!packed) return 2;
  // What plain peers cannot say: a failure, and that nobody is there.
  await assert.rejects(client.request(`refuse ${to}`, 'lamp', TIMEOUT), {
    code: 'WORKER_FAILED',
    workerCode: 'OUT_OF_STOCK',
    retryable: true,
  });
  await assert.rejects(client.request('nobody', '', { failFast: true }), { code: 'NO_WORKER' });
  return 4;
}

/** @type {Record<string, Record<string, number>>} */
const exchanges = {};
for (const [broker, endpoint] of Object.entries(brokers)) {
  const byWorker = (exchanges[broker] = Object.fromEntries(generations.map((worker) => [worker, 0])));
  for (const protocol of dialects) {
    const client = new Client({ brokers: endpoint, protocol });
    for (const worker of generations) {
      for (const dialect of dialects) {
        const both = {
          packed: protocol === 'packed' && dialect === 'packed',
          partials: protocol !== 'mdp/0.1' && dialect !== 'mdp/0.1',
        };
        const pairing = `a ${protocol} client at a ${broker} broker with a ${worker} ${dialect} worker`;
        try {
          byWorker[worker] = (byWorker[worker] ?? 0) + (await converse(client, `${worker} ${dialect}`, both));
        } catch (error) {
          throw new Error(pairing, { cause: error });
        }
      }
    }
    client.close();
  }
}
console.log(JSON.stringify(exchanges));
