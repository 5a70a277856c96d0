import { Broker } from '@majordomo/broker';

const broker = new Broker({ bind: 'tcp://127.0.0.1:0', http: '127.0.0.1:0' });
await broker.start();
const dashboard = await (await fetch(String(broker.httpAddress))).text();
if (!dashboard.includes('<html')) throw new Error('no dashboard');
process.once('SIGTERM', () => void broker.drain());
console.log(broker.endpoints[0]);
