import Fastify from 'fastify';
import { bodyOf } from '../../load/check';
import { readOrder } from '../../load/streams';
import { Readable } from 'node:stream';
import type { RunningPart } from '../part';

const BODY_BYTES_MAX = 64 * 1024 * 1024;

/** A fastify server: the worker itself is what clients talk to, there is no broker in between. */
export async function start(): Promise<RunningPart> {
  const server = Fastify({ bodyLimit: BODY_BYTES_MAX, keepAliveTimeout: 600_000 });
  server.addContentTypeParser('application/octet-stream', { parseAs: 'buffer' }, (_, body, done) =>
    done(null, body),
  );
  server.post('/echo', (request, reply) => reply.type('application/octet-stream').send(request.body));
  server.get<{ Querystring: { order: string } }>('/stream', ({ query }, reply) =>
    reply.type('application/x-ndjson').send(Readable.from(lines(query.order))),
  );
  const address = await server.listen({ host: '127.0.0.1', port: 0 });
  return { address, close: () => server.close() };
}

/** PARTIALs as lines of JSON, each a chunk of its own. */
function* lines(order: string): Generator<string> {
  const { partials, bytes } = readOrder(order);
  const part = `${JSON.stringify(Buffer.from(bodyOf(bytes)).toString('latin1'))}\n`;
  for (let sent = 0; sent < partials; sent++) yield part;
}
