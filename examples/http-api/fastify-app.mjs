import { Readable } from 'node:stream';
import Fastify from 'fastify';
import { linesOf, problemOf, termsOf } from './bus-http.mjs';

/**
 * The API on Fastify.
 * @param {import('@majordomo/client').Client} client
 */
export function fastifyApp(client) {
  const app = Fastify({ forceCloseConnections: true });

  app.post('/orders', async (request, reply) => {
    const terms = termsOf(request.raw, reply.raw);
    const order = await client.request('orders', JSON.stringify(request.body), terms);
    return reply.code(201).type('application/json').send(order.text());
  });

  app.get('/report', async (request, reply) => {
    const terms = termsOf(request.raw, reply.raw);
    const lines = await linesOf(client.stream('report', '', terms));
    return reply.type('application/x-ndjson').send(Readable.from(lines));
  });

  app.setErrorHandler((error, _request, reply) => {
    const own = /** @type {{ statusCode?: number }} */ (error).statusCode;
    if (own !== undefined) return reply.send(error); // Fastify's own, such as a body that is not JSON
    const { status, headers, body } = problemOf(error, { OUT_OF_STOCK: 409 });
    return reply.code(status).headers(headers).send(body);
  });

  return {
    /** Listens on a free port and resolves with the URL. */
    listen: () => app.listen({ port: 0, host: '127.0.0.1' }),
    close: () => app.close(),
  };
}
