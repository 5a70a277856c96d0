import { Dealer } from 'zeromq';
import { PLAIN_SESSIONS } from '../majordomo/settings';
import { addressOf, type PartParams, type RunningPart } from '../part';
import { UNBOUNDED } from '../zeromq/options';

/** As many sockets as our plain worker has sessions. */
export async function start(params: PartParams): Promise<RunningPart> {
  const sockets = Array.from({ length: PLAIN_SESSIONS }, () => new Dealer(UNBOUNDED));
  for (const socket of sockets) {
    socket.connect(addressOf(params));
    await socket.send('');
    await socket.receive();
    void echo(socket);
  }
  return {
    close: () => {
      for (const socket of sockets) socket.close();
    },
  };
}

async function echo(socket: Dealer): Promise<void> {
  while (!socket.closed) await socket.send(await socket.receive());
}
