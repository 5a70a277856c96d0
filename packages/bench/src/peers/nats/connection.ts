import { connect, type NatsConnection } from '@nats-io/transport-node';
import { addressOf, type PartParams } from '../part';

export const SUBJECT = 'bench';
/** How long a request may take, in ms. */
export const TIMEOUT_MS = 60_000;

/** A connection with the defaults of nats.js; what ends it fails this process. */
export async function connectTo(params: PartParams): Promise<NatsConnection> {
  const connection = await connect({ servers: addressOf(params), reconnect: false });
  void connection.closed().then((error) => {
    if (!error) return;
    process.stderr.write(`the NATS connection ended: ${error.message}\n`);
    process.exit(1);
  });
  return connection;
}
