import type {
  DurableAction,
  DurableCounts,
  DurablePage,
  DurableQuery,
  DurableRequest,
} from '../durable/durable-work';
import { tokenHeaders, TokenWanted } from './token';

/** How much there is, and whether anything can be done to it here. */
export interface Counts extends DurableCounts {
  /** ms since 1970, by the clock of the broker. */
  readonly at: number;
  /** True where the broker has a token, which actions need. */
  readonly actions: boolean;
}

/** What was asked for was refused, or could not be had. */
export class Refused extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** @throws TokenWanted, Refused; anything else where the connection fails */
async function ask<Answer>(path: string, options: RequestInit = {}): Promise<Answer> {
  const headers = { ...tokenHeaders(), 'Content-Type': 'application/json' };
  const response = await fetch(path, { ...options, headers, cache: 'no-store' });
  if (response.status === 401) throw new TokenWanted();
  const answer: unknown = await response.json();
  if (response.ok) return answer as Answer;
  const { code, message } = answer as { code: string; message: string };
  throw new Refused(code, message);
}

export const counts = (): Promise<Counts> => ask('durable/stats');

export function list(query: Partial<DurableQuery>): Promise<DurablePage> {
  const said = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  const text = new URLSearchParams(said.map(([key, value]) => [key, String(value)])).toString();
  return ask(`durable/requests?${text}`);
}

export const request = (id: string): Promise<DurableRequest> => ask(`durable/requests/${id}`);

/** @returns to how many it was done */
export async function act(action: DurableAction): Promise<number> {
  const { count } = await ask<{ count: number }>('durable/actions', {
    method: 'POST',
    body: JSON.stringify(action),
  });
  return count;
}
