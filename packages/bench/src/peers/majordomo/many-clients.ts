import { Client } from '@majordomo/client';
import { clientPart } from '../caller';
import type { PartParams, RunningPart } from '../part';
import { clientOptions, servicesOf } from './settings';

/** Clients that open their socket at one time: more would overrun the broker's queue of connections. */
const AT_ONCE = 50;

/**
 * Several clients, or one, and requests that go round over them and over the services. Among several each has one
 * socket only, so that clients are sockets.
 */
export async function start(params: PartParams): Promise<RunningPart> {
  const { clients: count = 1 } = params;
  const services = servicesOf(params);
  const options = clientOptions(params);
  const clients = Array.from(
    { length: count },
    () => new Client(params.clients === undefined ? options : { ...options, socketsMax: 1 }),
  );
  for (let at = 0; at < clients.length; at += AT_ONCE) {
    await Promise.all(clients.slice(at, at + AT_ONCE).map((client) => client.request(services[0]!)));
  }
  let turn = 0;
  return clientPart({
    call: (body) => {
      turn++;
      return clients[turn % clients.length]!.request(services[turn % services.length]!, body);
    },
    bytesOf: ({ byteLength }) => byteLength,
    close: () => {
      for (const client of clients) client.close();
    },
  });
}
