import { Client } from '@majordomo/client';
import { Window } from '../../load/window';
import type { PartParams, RunningPart } from '../part';
import { senderPart } from '../sender-part';
import { clientOptions, SINK } from './settings';

/** Messages without reply at one time. */
const WINDOW = 1_000;

/** Sends requests and does not wait for the reply of each, only for room in the window. */
export async function start(params: PartParams): Promise<RunningPart> {
  const client = new Client(clientOptions(params));
  const window = new Window(WINDOW);
  return senderPart({
    send: (body) => window.add(client.request(SINK, body)),
    flush: () => window.empty(),
    close: () => client.close(),
  });
}
