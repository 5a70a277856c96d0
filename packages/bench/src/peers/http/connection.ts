import { Pool } from 'undici';
import { addressOf, type PartParams } from '../part';

/** Connections of the pool: as many as calls are ever in flight, opened as they are needed. */
const CONNECTIONS_MAX = 1_000;

/** Keep-alive connections that carry one request at a time. */
export function poolTo(params: PartParams): Pool {
  return new Pool(addressOf(params), {
    connections: CONNECTIONS_MAX,
    pipelining: 1,
    keepAliveTimeout: 600_000,
    keepAliveMaxTimeout: 600_000,
  });
}
