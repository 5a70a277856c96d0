import { z } from 'zod';

const TCP = /^tcp:\/\/(?<host>\*|\[[0-9A-Fa-f:.%*a-z]+\]|[A-Za-z0-9_.-]+):(?<port>\d{1,5}|\*)$/;
const NAMED = /^(?:ipc|inproc):\/\/.+$/;
const PORT_MAX = 65_535;

/** True for `tcp://HOST:PORT`, `ipc://PATH` and `inproc://NAME`; host and port may be `*` where one binds. */
export function isEndpoint(text: string): boolean {
  const tcp = TCP.exec(text);
  if (!tcp) return NAMED.test(text);
  const port = tcp.groups?.['port'];
  return port === '*' || Number(port) <= PORT_MAX;
}

/** A ZeroMQ endpoint that can be bound or connected to. */
export const endpointSchema = z
  .string()
  .refine(isEndpoint, 'should be tcp://HOST:PORT, ipc://PATH or inproc://NAME');
