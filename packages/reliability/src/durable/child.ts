import { playBroker } from '../chaos/parts/broker';
import { playPart } from '../processes/child';
import type { RunningPart, Said, Told } from './parts/messages';
import type { PartParams } from './parts/params';
import { playSubmitter } from './parts/submitter';
import { playTitanic } from './parts/titanic';
import { playWorker } from './parts/worker';

/* The program of every child process: plays the part that its one argument names. */

await playPart<PartParams, Said, Told>(async (params, say): Promise<RunningPart> => {
  switch (params.part) {
    case 'broker': {
      const { endpoint = '', end } = await playBroker(params, say);
      return { endpoint, end };
    }
    case 'titanic':
      return playTitanic(params);
    case 'worker':
      return playWorker(params);
    case 'submitter':
      return playSubmitter(params, say);
  }
});
