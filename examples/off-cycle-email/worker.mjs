// Serves "email": renders each mail and leaves it in a folder, slowly, as mail servers are.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from '@majordomo/worker';

const [broker, folder] = process.argv.slice(2);
if (!broker || !folder) throw new Error('usage: node worker.mjs BROKER FOLDER');

const worker = new Worker(
  'email',
  async ({ body }, { signal }) => {
    const { id, to, subject, text } = /** @type {Record<string, string>} */ (body.json());
    await sleep(250, undefined, { signal });
    await writeFile(join(folder, `${id}.eml`), `To: ${to}\nSubject: ${subject}\n\n${text}\n`);
    return new Date().toISOString();
  },
  { brokers: broker, concurrency: 2 },
);

await worker.start();
process.on('SIGTERM', () => worker.drain());
