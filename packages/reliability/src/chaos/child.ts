import { playPart } from '../processes/child';
import type { RunningPart, Said, Told } from './parts/messages';
import type { PartParams } from './parts/params';
import { playBroker } from './parts/broker';
import { playClient } from './parts/client';
import { playWorker } from './parts/worker';

/* The program of every child process: plays the part that its one argument names. */

await playPart<PartParams, Said, Told>((params, say): Promise<RunningPart> | RunningPart => {
  switch (params.part) {
    case 'broker':
      return playBroker(params, say);
    case 'worker':
      return playWorker(params, say);
    case 'client':
      return playClient(params, say);
  }
});
