import { Push } from 'zeromq';
import { addressOf, type PartParams, type RunningPart } from '../part';
import { senderPart } from '../sender-part';
import { BOUNDED_SENDS } from '../zeromq/options';

/** Each send waits until ZeroMQ has taken the message, which it does up to its high-water mark. */
export async function start(params: PartParams): Promise<RunningPart> {
  const socket = new Push(BOUNDED_SENDS);
  const [from] = addressOf(params).split(' ');
  socket.connect(from!);
  return senderPart({
    send: (body) => socket.send(body),
    flush: () => Promise.resolve(),
    close: () => socket.close(),
  });
}
