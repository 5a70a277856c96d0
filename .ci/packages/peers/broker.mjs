// A broker of one generation; its endpoint is its first line.
import { Broker } from '@majordomo/broker';

const broker = new Broker({ bind: 'tcp://127.0.0.1:0' });
await broker.start();
process.once('SIGTERM', () => void broker.drain());
console.log(broker.endpoints[0]);
