// The broker knows nothing of OpenTelemetry: it passes the trace on and says how long it had the request.
import { Broker } from '@majordomo/broker';

const broker = new Broker({ bind: 'tcp://127.0.0.1:0' });
await broker.start();
console.log(broker.endpoints[0]);
process.once('SIGTERM', () => void broker.drain());
