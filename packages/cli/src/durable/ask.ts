import { Client } from '@majordomo/client';
import { isMajordomoError, type Protocol } from '@majordomo/protocol';
import { TitanicClient } from '@majordomo/titanic';
import type { CurveSetting } from '../commands/curve-settings';
import { CliError, EXIT } from '../exit';
import { hindranceOf } from '../hindrance';
import { curveOf } from '../security';
import type { Settings } from '../settings/table';

/** How to reach a titanic, and how long to wait for its answers. */
export interface Reach extends Settings<CurveSetting> {
  readonly broker: readonly string[];
  readonly protocol: Protocol;
  readonly timeoutMs: number;
}

/** What says that nobody answered. Requests that ended so are never told of by an error here. */
const SILENCE = ['TIMEOUT', 'EXPIRED', 'NO_WORKER'] as const;

/**
 * Asks a titanic, over a connection that is closed afterwards.
 * @throws CliError where none answers
 */
export async function askTitanic<Value>(
  reach: Reach,
  question: (titanic: TitanicClient) => Promise<Value>,
): Promise<Value> {
  const { broker: brokers, protocol, timeoutMs } = reach;
  const client = new Client({ brokers, protocol, timeoutMs, curve: await curveOf(reach) });
  const hindrance = hindranceOf(client);
  try {
    return await question(new TitanicClient(client));
  } catch (error) {
    if (!SILENCE.some((code) => isMajordomoError(error, code))) throw error;
    const why = hindrance();
    throw new CliError(
      EXIT.timeout,
      `no titanic answered at ${brokers.join(', ')} within ${timeoutMs} ms${why && ` (${why})`}: majordomo titanic runs one, majordomo up a broker with one`,
      { cause: error },
    );
  } finally {
    client.close();
  }
}
