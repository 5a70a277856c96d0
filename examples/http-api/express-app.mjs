import { once } from 'node:events';
import { createServer } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
// @ts-expect-error Express has no types of its own, and these few lines need none
import express from 'express';
import { linesOf, problemOf, termsOf } from './bus-http.mjs';

/**
 * @typedef {import('node:http').IncomingMessage & { body: unknown }} Request
 * @typedef {import('node:http').ServerResponse} Response
 */

/**
 * The API on Express 5, which hands what a handler rejects with to the error handler.
 * @param {import('@majordomo/client').Client} client
 */
export function expressApp(client) {
  const app = express();
  app.use(express.json());

  app.post('/orders', async (/** @type {Request} */ request, /** @type {Response} */ response) => {
    const terms = termsOf(request, response);
    const order = await client.request('orders', JSON.stringify(request.body), terms);
    response.writeHead(201, { 'content-type': 'application/json' }).end(order.text());
  });

  app.get('/report', async (/** @type {Request} */ request, /** @type {Response} */ response) => {
    const terms = termsOf(request, response);
    const lines = await linesOf(client.stream('report', '', terms));
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    await pipeline(Readable.from(lines), response);
  });

  app.use(
    (
      /** @type {Error & { status?: number }} */ error,
      /** @type {Request} */ _request,
      /** @type {Response} */ response,
      /** @type {(error: unknown) => void} */ next,
    ) => {
      if (error.status !== undefined && !('headers' in error)) return next(error); // Express's own
      if (response.headersSent) return response.destroy();
      const { status, headers, body } = problemOf(error, { OUT_OF_STOCK: 409 });
      response.writeHead(status, headers).end(body);
    },
  );

  const server = createServer(app);
  return {
    /** Listens on a free port and resolves with the URL. */
    async listen() {
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
      return `http://127.0.0.1:${port}`;
    },
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
