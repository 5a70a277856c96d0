// The peers that a package needs which is installed alone: from the project that has everything, within this process.
import { createRequire } from 'node:module';
import { join } from 'node:path';

/**
 * @param {string} everything the project that has everything
 */
export function outside(everything) {
  const require = createRequire(join(everything, 'package.json'));
  /** @type {typeof import('@majordomo/broker')} */
  const { Broker } = require('@majordomo/broker');
  /** @type {typeof import('@majordomo/client')} */
  const { Client } = require('@majordomo/client');
  /** @type {typeof import('@majordomo/worker')} */
  const { Worker } = require('@majordomo/worker');

  /** A broker with `echo` and `count`, each time a new one. */
  async function bus() {
    const broker = new Broker({ bind: 'tcp://127.0.0.1:0' });
    await broker.start();
    const endpoint = String(broker.endpoints[0]);
    const echo = new Worker('echo', ({ body }) => body, { brokers: endpoint });
    const count = new Worker('count', counting, { brokers: endpoint });
    await Promise.all([echo.start(), count.start()]);
    const close = async () => {
      await Promise.all([echo.close(), count.close()]);
      await broker.close();
    };
    return { endpoint, close };
  }

  /**
   * Asks an echo.
   * @param {string} endpoint
   * @param {string} service
   */
  async function ask(endpoint, service) {
    const client = new Client({ brokers: endpoint });
    try {
      const reply = await client.request(service, 'hello', { timeoutMs: 30_000 });
      if (reply.text() !== 'hello') throw new Error(`${service} answered "hello" with "${reply.text()}"`);
    } finally {
      client.close();
    }
  }

  /**
   * Serves and asks an echo.
   * @param {string} endpoint
   */
  async function exchange(endpoint) {
    const worker = new Worker('echo', ({ body }) => body, { brokers: endpoint });
    await worker.start();
    try {
      await ask(endpoint, 'echo');
    } finally {
      await worker.close();
    }
  }

  return { bus, ask, exchange };
}

/** @param {{ body: { text(): string } }} request */
async function* counting({ body }) {
  for (let n = 1; n <= Number(body.text()); n++) yield `${n}`;
  return 'counted';
}
