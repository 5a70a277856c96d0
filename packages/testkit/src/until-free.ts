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

/** Resolves once nobody listens on a tcp endpoint any more: ZeroMQ closes sockets on a thread of its own, some time later. */
export async function untilFree(endpoint: string): Promise<void> {
  const tcp = /^tcp:\/\/(.+):(\d+)$/.exec(endpoint);
  if (!tcp) return;
  const [, host = '', port] = tcp;
  await eventually(() => refuses(Number(port), host), { what: `${endpoint} to be free`, everyMs: 5 });
}
