import { expectError, fails, fakeWorker, startTestBroker } from '@majordomo/testing';

const broker = await startTestBroker();
const worker = await fakeWorker(broker, 'mail', ['sent', fails('NO_SUCH_DOMAIN', 'nowhere')]);
const client = broker.client();
const reply = await client.request('mail', 'hello');
if (reply.text() !== 'sent') throw new Error(`the fake worker said "${reply.text()}"`);
const error = await expectError(client.request('mail', 'hello'), 'WORKER_FAILED');
if (error.workerCode !== 'NO_SUCH_DOMAIN') throw error;
if (worker.requests.length !== 2) throw new Error(`it saw ${worker.requests.length} requests`);
await broker.close();
