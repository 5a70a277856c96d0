import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';

/**
 * A sign-up form's back end: it hands the welcome mail to the bus and answers at once.
 * @param {import('@majordomo/client').Client} client
 */
export async function startWeb(client) {
  /** Mails handed over and not yet confirmed: what a shutdown has to wait for. */
  const underWay = new Set();

  const server = createServer(async (request, response) => {
    if (request.method !== 'POST' || request.url !== '/signup') {
      response.writeHead(404).end();
      return;
    }
    const { email } = JSON.parse(await text(request));
    const id = randomUUID();
    const mail = { id, to: email, subject: 'Welcome', text: 'Good to have you here.' };
    const handedOver = client
      .request('email', JSON.stringify(mail), { timeoutMs: 60_000 })
      .then((reply) => console.log(`  mail to ${email} delivered at ${reply.text()}`))
      .catch((error) => console.error(`  mail to ${email} failed: ${error.code} ${error.message}`))
      .finally(() => underWay.delete(handedOver));
    underWay.add(handedOver);
    response.writeHead(202, { 'content-type': 'application/json' }).end(JSON.stringify({ id }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());

  return {
    url: `http://127.0.0.1:${port}/signup`,
    /** Takes no more sign-ups, and waits for the mails that were handed over. */
    async close() {
      server.close();
      await Promise.all(underWay);
    },
  };
}
