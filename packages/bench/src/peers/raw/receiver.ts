import { Pull } from 'zeromq';
import { Arrivals } from '../../load/arrivals';
import { addressOf, type PartParams, type RunningPart } from '../part';
import { BOUNDED_RECEIVES } from '../zeromq/options';

export async function start(params: PartParams): Promise<RunningPart> {
  const arrivals = new Arrivals();
  const socket = new Pull(BOUNDED_RECEIVES);
  const [, to] = addressOf(params).split(' ');
  socket.connect(to!);
  void receive();
  return {
    answers: { received: ({ count }) => arrivals.expect(count) },
    close: () => socket.close(),
  };

  async function receive(): Promise<void> {
    while (!socket.closed) {
      await socket.receive();
      arrivals.add();
    }
  }
}
