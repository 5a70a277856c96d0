import type { DeadChoice, TitanicClient } from '@majordomo/titanic';
import { UsageError } from '../exit';
import { startProgressOfMany } from '../request/progress';
import { requireIds } from './ids';
import { pagesOf } from './pages';

/** Which dead letters a command line names. */
export type Choice =
  | { readonly ids: readonly string[] }
  /** Of one service, or all. */
  | { readonly service: string | undefined };

/** @throws UsageError unless there is one way in which they are named */
export function choiceOf(
  args: readonly string[],
  { service, all }: { readonly service: string | undefined; readonly all: boolean },
): Choice {
  const ways = [args.length > 0, service !== undefined, all].filter(Boolean).length;
  if (ways !== 1) throw new UsageError('name dead letters by their ids, by --service, or --all of them');
  return args.length > 0 ? { ids: requireIds(args) } : { service };
}

/** Requests in one question. */
const IDS_MAX = 1_000;

/**
 * Does something to all of these, some at a time, under a bar.
 * @returns how many it was done to: what is no dead letter is passed over
 */
export async function toMany(
  titanic: TitanicClient,
  choice: Choice,
  act: (choice: DeadChoice) => Promise<number>,
): Promise<number> {
  const total = 'ids' in choice ? choice.ids.length : await countOf(titanic, choice.service);
  const bar = startProgressOfMany(total);
  let seen = 0;
  let done = 0;
  try {
    for await (const ids of idsOf(titanic, choice)) {
      done += await act({ ids });
      seen += ids.length;
      bar.update(Math.min(total, seen));
    }
  } finally {
    bar.stop();
  }
  return done;
}

async function countOf(titanic: TitanicClient, only: string | undefined): Promise<number> {
  const { services } = await titanic.stats();
  return services
    .filter(({ service, state }) => state === 'dead' && (only === undefined || service === only))
    .reduce((sum, { requests }) => sum + requests, 0);
}

async function* idsOf(titanic: TitanicClient, choice: Choice): AsyncGenerator<string[]> {
  if ('ids' in choice) {
    for (let at = 0; at < choice.ids.length; at += IDS_MAX) yield choice.ids.slice(at, at + IDS_MAX);
    return;
  }
  const { service } = choice;
  const ask = (page: { limit: number; after?: string }) =>
    titanic.dead.list({ ...page, ...(service !== undefined && { service }) });
  for await (const { requests } of pagesOf(ask, Infinity)) {
    if (requests.length > 0) yield requests.map(({ id }) => id);
  }
}
