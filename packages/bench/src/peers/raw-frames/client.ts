import { Context, Dealer } from 'zeromq';
import { clientPart } from '../caller';
import { PLAIN_SOCKETS_MAX } from '../majordomo/settings';
import { addressOf, type PartParams, type RunningPart } from '../part';
import { UNBOUNDED } from '../zeromq/options';
import { clientFrames } from './frames';

/** As our plain client: a call takes an idle socket, or opens one, or waits for one where there are enough. */
export async function start(params: PartParams): Promise<RunningPart> {
  const context = new Context({ maxSockets: 2 * PLAIN_SOCKETS_MAX });
  const sockets: Dealer[] = [];
  const idle: Dealer[] = [];
  const waiting: ((socket: Dealer) => void)[] = [];
  return clientPart<Buffer>({
    call: async (body) => {
      const socket = idle.shift() ?? (sockets.length < PLAIN_SOCKETS_MAX ? open() : await anIdleOne());
      await socket.send(clientFrames(body));
      const frames = await socket.receive();
      const next = waiting.shift();
      if (next) next(socket);
      else idle.push(socket);
      return frames[frames.length - 1]!;
    },
    bytesOf: ({ length }) => length,
    close: () => {
      for (const socket of sockets) socket.close();
    },
  });

  function anIdleOne(): Promise<Dealer> {
    return new Promise((resolve) => waiting.push(resolve));
  }

  function open(): Dealer {
    const socket = new Dealer({ ...UNBOUNDED, context });
    socket.connect(addressOf(params));
    sockets.push(socket);
    return socket;
  }
}
