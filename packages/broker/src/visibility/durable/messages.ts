import { z } from 'zod';
import { DURABLE_STATES } from './durable-work';

/** Requests on one page. */
const PAGE_MAX = 100;
const PAGE = 50;

const id = z
  .string()
  .regex(/^[0-9a-f]{32}$/i, 'should be 32 hex characters')
  .transform((text) => text.toLowerCase());
const name = z.string().min(1).max(255);

export const idSchema = z.strictObject({ id });

/** The query of a list, as it stands in the address. */
export const querySchema = z.strictObject({
  state: z.enum(DURABLE_STATES).optional(),
  service: name.optional(),
  idPrefix: z
    .string()
    .regex(/^[0-9a-f]{1,32}$/i, 'should be 1 to 32 hex characters')
    .transform((text) => text.toLowerCase())
    .optional(),
  search: name.optional(),
  limit: z.coerce.number().int().min(1).max(PAGE_MAX).default(PAGE),
  after: z.string().min(1).max(512).optional(),
});

/** What is to be done, as JSON. */
export const actionSchema = z.union(
  [
    z.strictObject({ action: z.enum(['cancel', 'retry', 'purge']), id }),
    z.strictObject({ action: z.literal('reschedule'), id, at: z.int().min(0).max(8_640_000_000_000_000) }),
    z.strictObject({ action: z.enum(['retry', 'purge']), service: name }),
    z.strictObject({ action: z.enum(['retry', 'purge']), all: z.literal(true) }),
  ],
  'should be cancel with an id, reschedule with an id and at, or retry or purge with an id, a service or all: true',
);
