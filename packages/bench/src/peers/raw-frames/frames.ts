/*
 * As many frames as MDP/0.2 (RFC 18) has at each hop, of the same lengths, which nobody here looks into.
 */
const CLIENT_HEADER = Buffer.from('MDPC02');
const WORKER_HEADER = Buffer.from('MDPW02');
const COMMAND = Buffer.of(1);
const SERVICE = Buffer.from('echo');
const EMPTY = Buffer.alloc(0);

/** Client → broker, REQUEST: header, command, service, body. The FINAL that comes back has as many. */
export const clientFrames = (body: Uint8Array): Uint8Array[] => [CLIENT_HEADER, COMMAND, SERVICE, body];

/** Broker → worker, REQUEST: header, command, client address, empty, body. The FINAL has as many. */
export const workerFrames = (client: Uint8Array, body: Uint8Array): Uint8Array[] => [
  WORKER_HEADER,
  COMMAND,
  client,
  EMPTY,
  body,
];

/** Where the client address stands in a worker's message, behind the routing id of a ROUTER. */
export const ADDRESS_AT = 3;
