import { connect } from 'node:net';
import { eventually } from './eventually';

/** True where nobody listens on a port of this machine. */
function refuses(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    socket.once('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.once('error', () => resolve(true));
  });
}

/** How long an endpoint may take to be free, in ms. */
export const FREE_WITHIN_MS = 5_000;

/** Resolves once nobody listens on a tcp endpoint any more: ZeroMQ closes sockets on a thread of its own, some time later. */
export async function untilFree(endpoint: string): Promise<void> {
  const tcp = /^tcp:\/\/(.+):(\d+)$/.exec(endpoint);
  if (!tcp) return;
  const [, host = '', port] = tcp;
  await eventually(() => refuses(Number(port), host), {
    what: `${endpoint} to be free`,
    timeoutMs: FREE_WITHIN_MS,
    everyMs: 5,
  });
}
