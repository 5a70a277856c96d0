// Six sign-ups at once: each is answered at once, while two mails at a time take a quarter of a
// second each in another process. Ends when the last mail lies in the folder.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Broker } from '@majordomo/broker';
import { Client } from '@majordomo/client';
import { startWeb } from './web.mjs';

const SIGN_UPS = 6;

const broker = new Broker({ bind: 'tcp://127.0.0.1:0' });
await broker.start();
const endpoint = String(broker.endpoints[0]);

const folder = await mkdtemp(join(tmpdir(), 'majordomo-mail-'));
const script = fileURLToPath(new URL('./worker.mjs', import.meta.url));
const worker = spawn(process.execPath, [script, endpoint, folder], { stdio: 'inherit' });
await once(broker, 'workerRegistered');

const client = new Client({ brokers: endpoint });
const web = await startWeb(client);

await Promise.all(
  Array.from({ length: SIGN_UPS }, async (_, n) => {
    const startedAt = performance.now();
    const body = JSON.stringify({ email: `reader${n}@example.org` });
    const response = await fetch(web.url, { method: 'POST', body });
    console.log(`sign-up ${n}: ${response.status} after ${Math.round(performance.now() - startedAt)} ms`);
  }),
);

await web.close();
const delivered = (await readdir(folder)).length;
console.log(`${delivered} of ${SIGN_UPS} mails in the folder`);

client.close();
worker.kill('SIGTERM');
await once(worker, 'exit');
await broker.close();
await rm(folder, { recursive: true });
process.exitCode = delivered === SIGN_UPS ? 0 : 1;
