import { Dealer } from 'zeromq';
import { addressOf, type PartParams, type RunningPart } from '../part';
import { UNBOUNDED } from '../zeromq/options';

export async function start(params: PartParams): Promise<RunningPart> {
  const socket = new Dealer(UNBOUNDED);
  socket.connect(addressOf(params));
  await socket.send('');
  await socket.receive();
  void echo(socket);
  return { close: () => socket.close() };
}

async function echo(socket: Dealer): Promise<void> {
  while (!socket.closed) await socket.send(await socket.receive());
}
