import type { RequestPage, RequestStatus } from '@majordomo/titanic';

/** Requests that one question asks for at the most. */
const PAGE_MAX = 1_000;

/** Asks for one page. */
export type AskPage = (page: { limit: number; after?: string }) => Promise<RequestPage>;

/**
 * Page after page, until there is no more: one may be empty and not the last, for a search looks at so many at a time.
 * @param limit - requests in all at the most
 */
export async function* pagesOf(ask: AskPage, limit: number, first?: string): AsyncGenerator<RequestPage> {
  let left = limit;
  let after = first;
  do {
    const page = await ask({ limit: Math.min(PAGE_MAX, left), ...(after !== undefined && { after }) });
    yield page;
    left -= page.requests.length;
    after = page.next;
  } while (after !== undefined && left > 0);
}

/** So many requests from the first on, and how to go on. */
export async function collect(ask: AskPage, limit: number, first?: string): Promise<RequestPage> {
  const requests: RequestStatus[] = [];
  let next: string | undefined;
  for await (const page of pagesOf(ask, limit, first)) {
    requests.push(...page.requests);
    next = page.next;
  }
  return { requests, ...(next !== undefined && { next }) };
}
