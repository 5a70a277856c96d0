// A registry that has nothing, takes everything, and remembers in which order.
import { createServer } from 'node:http';
import { once } from 'node:events';

/**
 * @typedef {{
 *   name: string, access?: string, 'dist-tags': Record<string, string>,
 *   versions: Record<string, import('../packages/workspace.mjs').Manifest>,
 *   _attachments: Record<string, { length: number }>,
 * }} Publication what npm sends
 */

/** @returns {Promise<{ port: number, taken: Publication[], close: () => Promise<unknown> }>} */
export async function emptyRegistry() {
  /** @type {Publication[]} */
  const taken = [];
  const server = createServer((request, response) => {
    /** @type {Buffer[]} */
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const put = request.method === 'PUT';
      if (put) taken.push(JSON.parse(Buffer.concat(chunks).toString('utf8')));
      response.writeHead(put ? 201 : 404, { 'content-type': 'application/json' });
      response.end(put ? '{ "ok": true }' : '{ "error": "not found" }');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  const close = () => {
    server.closeAllConnections();
    return once(server.close(), 'close');
  };
  return { port, taken, close };
}
