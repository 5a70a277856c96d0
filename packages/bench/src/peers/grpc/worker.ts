import {
  Server,
  ServerCredentials,
  type handleServerStreamingCall,
  type handleUnaryCall,
} from '@grpc/grpc-js';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { bodyOf } from '../../load/check';
import { readOrder } from '../../load/streams';
import type { RunningPart } from '../part';
import { Bench, type BodyMessage, type OrderMessage } from './service';

const echo: handleUnaryCall<BodyMessage, BodyMessage> = ({ request }, done) => done(null, request);

/** A server stream; where its buffer is full it waits. */
const stream: handleServerStreamingCall<OrderMessage, BodyMessage> = (call) => {
  const { partials, bytes } = readOrder(call.request.text);
  const part = { data: bodyOf(bytes) };
  void (async () => {
    for (let sent = 0; sent < partials; sent++) if (!call.write(part)) await once(call, 'drain');
    call.end();
  })();
};

/** A gRPC server: the worker itself is what clients talk to, there is no broker in between. */
export async function start(): Promise<RunningPart> {
  const server = new Server();
  server.addService(Bench.service, { Echo: echo, Stream: stream });
  const bind = promisify(server.bindAsync.bind(server));
  const port = await bind('127.0.0.1:0', ServerCredentials.createInsecure());
  return { address: `127.0.0.1:${port}`, close: () => server.forceShutdown() };
}
