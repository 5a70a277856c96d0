import { Context } from 'zeromq';

/** Sockets that one process may have open at once; libzmq's own default of 1,023 is soon reached by pools. */
const SOCKETS_MAX = 16_384;

let shared: Context | undefined;

/**
 * The ZeroMQ context of every link in this process, apart from the library's global one, so that our
 * settings touch nobody else's sockets. `inproc://` endpoints meet within it.
 */
export function sharedContext(): Context {
  shared ??= new Context({ maxSockets: SOCKETS_MAX });
  return shared;
}
