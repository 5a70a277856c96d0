import { join } from 'node:path';
import { Worker } from '@majordomo/worker';

const brokers = String(process.env['BROKER']);
const worker = new Worker('probe', ({ body }) => body, { brokers });
await worker.start();
const handlerFile = join(process.cwd(), 'handler.mjs');
const threads = new Worker('probe-threads', { handlerFile, threads: 1, brokers });
await threads.start();
process.once('SIGTERM', () => void Promise.all([worker.drain(), threads.drain()]));
