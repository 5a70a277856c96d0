import type { DurableAction, DurableWork } from '@majordomo/broker';
import { isMajordomoError, NoWorkerError, RequestTakenError } from '@majordomo/protocol';
import { TitanicClient } from '@majordomo/titanic';
import type { ClientOptions } from '@majordomo/client';

/** How long titanic may take to answer somebody who looks, in ms. */
const PATIENCE_MS = 3_000;

/** The errors of a titanic that is not there, or says nothing. */
const SILENCE = new Set(['TIMEOUT', 'EXPIRED', 'NO_WORKER']);

/** The durable work of a titanic, as the dashboard of a broker shows it. */
export function durableWorkOf(titanic: TitanicClient): DurableWork {
  return {
    stats: () => answered(titanic.stats()),
    list: (query) => answered(titanic.list(query)),
    get: (id) => answered(titanic.status(id)),
    act: (action) => answered(act(titanic, action)),
  };
}

async function act(titanic: TitanicClient, action: DurableAction): Promise<number> {
  if (action.action === 'reschedule') {
    await titanic.reschedule(action.id, { at: action.at });
    return 1;
  }
  if (action.action === 'cancel') {
    await titanic.cancel(action.id);
    return 1;
  }
  const actOnDead = titanic.dead[action.action];
  if ('all' in action) return actOnDead({ all: true });
  if ('service' in action) return actOnDead({ service: action.service });
  const count = await actOnDead({ ids: [action.id] });
  if (count > 0) return count;
  const { state } = await titanic.status(action.id);
  throw new RequestTakenError(`Request ${action.id} is ${state}: it is no dead letter.`);
}

/** The answer; where there is none, it is said what may be the matter. */
async function answered<Answer>(answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer;
  } catch (error) {
    if (!isMajordomoError(error) || !SILENCE.has(error.code)) throw error;
    throw new NoWorkerError(
      `No titanic answered within ${PATIENCE_MS / 1_000} s: is one running, and connected to this broker?`,
      { cause: error },
    );
  }
}

/** Durable work that is found by a client of its own. */
export interface ConnectedDurableWork extends DurableWork {
  close(): void;
}

/**
 * Durable work behind a broker: connects when somebody looks for the first time.
 * @param options - of the client, as they are then: a broker's endpoint may not be known before
 */
export function connectDurableWork(options: () => ClientOptions): ConnectedDurableWork {
  let titanic: TitanicClient | undefined;
  let work: DurableWork | undefined;
  const connected = (): DurableWork => {
    titanic ??= new TitanicClient({ retries: 0, timeoutMs: PATIENCE_MS, ...options() });
    work ??= durableWorkOf(titanic);
    return work;
  };
  return {
    stats: () => connected().stats(),
    list: (query) => connected().list(query),
    get: (id) => connected().get(id),
    act: (action) => connected().act(action),
    close: () => titanic?.disconnect(),
  };
}
