import { Dealer } from 'zeromq';
import { clientPart } from '../caller';
import { addressOf, type PartParams, type RunningPart } from '../part';
import { UNBOUNDED } from '../zeromq/options';
import { Outgoing } from '../zeromq/outgoing';

/** One socket and nothing but the body: the worker answers in order, so no message needs an id. */
export async function start(params: PartParams): Promise<RunningPart> {
  const socket = new Dealer(UNBOUNDED);
  socket.connect(addressOf(params));
  const outgoing = new Outgoing(socket);
  const waiting: ((reply: Buffer) => void)[] = [];
  void receive();
  return clientPart<Buffer>({
    call: (body) =>
      new Promise((resolve) => {
        waiting.push(resolve);
        outgoing.push([body]);
      }),
    bytesOf: ({ length }) => length,
    close: () => socket.close(),
  });

  async function receive(): Promise<void> {
    while (!socket.closed) {
      const [reply] = (await socket.receive()) as [Buffer];
      waiting.shift()?.(reply);
    }
  }
}
