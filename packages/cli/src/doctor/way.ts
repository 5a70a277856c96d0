import { once } from 'node:events';
import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { ok, wrong, type Finding } from './finding';

const ABOUT = 'the way';

/** What is behind codes of the system, and what to do. */
const TROUBLES: Readonly<Record<string, readonly [says: string, advice: string]>> = {
  ECONNREFUSED: [
    'nothing listens there',
    'start the broker there, or look up the port in the line that it prints: majordomo broker listening on …',
  ],
  ENOENT: ['there is no such socket file', 'start the broker with --bind and this path'],
  EACCES: ['this user may not use that socket file', 'run as the user of the broker, or in its group'],
  ENOTFOUND: [
    'there is no host of that name',
    'look for a mistake in the name, or ask the resolver: getent hosts NAME',
  ],
  EAI_AGAIN: ['the name could not be looked up', 'look after the name server of this machine'],
  EHOSTUNREACH: ['no route leads to that host', 'look after the network between here and there'],
  ENETUNREACH: ['no route leads to that network', 'look after the network of this machine'],
  ETIMEDOUT: [
    'the host does not answer',
    'it is down, or a firewall drops what is sent to that port without a word',
  ],
};

/** Whether something listens at an endpoint at all. */
export async function examineWay(endpoint: string, timeoutMs: number): Promise<Finding> {
  const startedAt = performance.now();
  try {
    await reach(endpoint, timeoutMs);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    const [says, advice] = TROUBLES[code] ?? [`no connection: ${String(error)}`, 'look after the network'];
    return wrong(ABOUT, `${endpoint}: ${says}`, advice);
  }
  return ok(
    ABOUT,
    `something listens at ${endpoint}, connected in ${Math.ceil(performance.now() - startedAt)} ms`,
  );
}

async function reach(endpoint: string, timeoutMs: number): Promise<void> {
  const socket: Socket = connect(targetOf(endpoint));
  const timer = setTimeout(
    () => socket.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })),
    timeoutMs,
  );
  try {
    await once(socket, 'connect');
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}

/** Where an endpoint leads: a path, or a host and a port. */
export function targetOf(endpoint: string): NetConnectOpts {
  if (endpoint.startsWith('ipc://')) {
    const path = endpoint.slice('ipc://'.length);
    // ZeroMQ writes the abstract sockets of Linux with an @ in front, the system with a zero byte.
    return { path: path.startsWith('@') ? `\0${path.slice(1)}` : path };
  }
  const address = endpoint.slice('tcp://'.length);
  const at = address.lastIndexOf(':');
  return { host: address.slice(0, at).replace(/^\[(.*)\]$/, '$1'), port: Number(address.slice(at + 1)) };
}
