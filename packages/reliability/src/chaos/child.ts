import type { RunningPart, Said, Told } from './parts/messages';
import type { PartParams } from './parts/params';
import { playBroker } from './parts/broker';
import { playClient } from './parts/client';
import { playWorker } from './parts/worker';

/* The program of every child process: plays the part that its one argument names. SIGTERM ends it in good order. */

const params = JSON.parse(process.argv[2] ?? '{}') as PartParams;

function say(said: Said): void {
  // The channel may break in the very moment in which the parent dies.
  if (process.connected) process.send?.(said, () => undefined);
}

function play(): Promise<RunningPart> | RunningPart {
  switch (params.part) {
    case 'broker':
      return playBroker(params, say);
    case 'worker':
      return playWorker(params, say);
    case 'client':
      return playClient(params, say);
  }
}

// A Ctrl-C in a terminal reaches every process of the group; the parent sees to its children.
process.on('SIGINT', () => undefined);
// Without a parent there is nothing to play for.
process.once('disconnect', () => process.exit(1));

let ended: Promise<void> | undefined;
const playing = Promise.resolve(play());
process.on('SIGTERM', () => {
  ended ??= playing.then(async (part) => {
    await part.end();
    process.removeAllListeners('disconnect');
    // Nothing else may keep this process: it is to end by itself, with code 0.
    if (process.connected) process.disconnect();
  });
});
const part = await playing;
process.on('message', (told: Told) => part.hear?.(told));
say({ kind: 'ready', ...(part.endpoint === undefined ? {} : { endpoint: part.endpoint }) });
