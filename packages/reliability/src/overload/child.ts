import { playBroker } from './parts/broker';
import { playFlood } from './parts/flood';
import { playMeek } from './parts/meek';
import { playOffender } from './parts/offender';
import type { PartParams, Playing } from './parts/part';
import { playWorker } from './parts/worker';

/* The program of every child process: plays the part that its one argument names, and tells of it when it is asked. */

const params = JSON.parse(process.argv[2] ?? '{}') as PartParams;

function play(): Promise<Playing<object>> {
  switch (params.part) {
    case 'broker':
      return playBroker(params.options);
    case 'worker':
      return playWorker(params);
    case 'meek':
      return playMeek(params);
    case 'flood':
      return playFlood(params);
    case 'offender':
      return playOffender(params);
  }
}

// Without a parent there is nothing to play for.
process.once('disconnect', () => process.exit(0));
const playing = await play();
process.on('message', (id: number) => process.send?.({ id, stats: playing.stats() }));
process.send?.({ id: 0, stats: playing.endpoint });
