/** What the services of `majordomo top` can be sorted by, in the order of the columns. */
export const TOP_COLUMNS = [
  'service',
  'rate',
  'errors',
  'p50',
  'p99',
  'queued',
  'oldest',
  'in-flight',
  'workers',
] as const;

export type TopColumn = (typeof TOP_COLUMNS)[number];
