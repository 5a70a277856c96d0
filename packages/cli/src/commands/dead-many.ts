import type { CommandModule } from '../command';
import { askTitanic } from '../durable/ask';
import { choiceOf, toMany } from '../durable/dead';
import { EXIT } from '../exit';
import { counted } from '../format';
import type { ReachSetting } from './reach-settings';

type Module = CommandModule<ReachSetting | 'service' | 'all'>;

/**
 * A command that does something to dead letters: to some, to those of a service, or to all.
 * @param said - what has happened to them
 */
function manyOf(act: 'retry' | 'purge', said: string): Module {
  return {
    async run({ args, settings, output }) {
      const choice = choiceOf(args, settings);
      const count = await askTitanic(settings, (titanic) => toMany(titanic, choice, titanic.dead[act]));
      const line = `${counted(count, 'dead letter')} ${said}`;
      await (settings.json ? output.json({ count }) : output.line(line));
      return EXIT.ok;
    },
  };
}

/** `majordomo dead retry`: lets dead letters be tried again, with all their attempts. */
export const retry = manyOf('retry', 'to be tried again');

/** `majordomo dead purge`: removes dead letters. */
export const purge = manyOf('purge', 'removed');
