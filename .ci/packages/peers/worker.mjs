// The workers of one generation, at the brokers of all: every service in every dialect.
import { ServiceError, Worker } from '@majordomo/worker';

/** @type {{ generation: string, brokers: Record<string, string>, dialects: import('@majordomo/protocol').DialectName[] }} */
const { generation, brokers, dialects } = JSON.parse(String(process.env['PAIRING']));

/** @type {Record<string, import('@majordomo/worker').Handler>} */
const handlers = {
  echo: ({ body }) => body,
  async *count({ body }) {
    for (let n = 1; n <= Number(body.text()); n++) yield `${n}`;
    return 'counted';
  },
  refuse: () => {
    throw new ServiceError('OUT_OF_STOCK', 'none left', { retryable: true });
  },
};

const workers = Object.values(brokers).flatMap((endpoint) =>
  dialects.flatMap((protocol) =>
    Object.entries(handlers).map(
      ([name, handler]) =>
        new Worker(`${name} ${generation} ${protocol}`, handler, { brokers: endpoint, protocol }),
    ),
  ),
);
await Promise.all(workers.map((worker) => worker.start()));
process.once('SIGTERM', () => void Promise.all(workers.map((worker) => worker.drain())));
console.log('serving');
