import { sendAll, type Sender } from '../load/one-way';
import type { RunningPart } from './part';

/** The sender part: sends what it is told to. */
export function senderPart(sender: Sender): RunningPart {
  return {
    answers: { send: (load) => sendAll(sender, load) },
    close: () => sender.close(),
  };
}
