import { StoreFullError } from '@majordomo/protocol';
import { sql, type RawBuilder } from 'kysely';
import type { NewRequest, Submitted } from '../store';
import { idText } from './database';
import { ADDED, type Unit } from './unit';

/** How many wait or run. */
const OPEN = sql`SELECT coalesce(sum(requests), 0)::bigint AS open FROM totals WHERE state < 2`;

/** @throws StoreFullError where these are beyond the bound, before anything is written */
export async function requireRoom(
  unit: Unit,
  requests: readonly NewRequest[],
  requestsMax: number,
): Promise<void> {
  const { rows } = await sql<{ open: number }>`${OPEN}`.execute(unit.trx);
  const open = rows[0]?.open ?? 0;
  if (open + requests.length > requestsMax) requireFit(open, await countFresh(unit, requests), requestsMax);
}

/** How many of these are not there: what is takes no room, and a submitter that was not answered asks again. */
async function countFresh({ trx, now }: Unit, requests: readonly NewRequest[]): Promise<number> {
  const keys = requests.flatMap(({ service, key }) => (key ? [{ service, text: key.text }] : []));
  const ids = await sql<{ id: string }>`
    SELECT id FROM requests WHERE id = ANY(${requests.map(({ id }) => id)}::uuid[])`.execute(trx);
  const taken = await sql<{ service: string; text: string }>`
    SELECT service, text FROM keys WHERE until > ${now} AND (service, text) IN (
      SELECT * FROM unnest(${keys.map(({ service }) => service)}::text[], ${keys.map(({ text }) => text)}::text[]))`.execute(
    trx,
  );
  const known = new Set([
    ...ids.rows.map(({ id }) => idText(id)),
    ...taken.rows.map(({ service, text }) => keyOf(service, text)),
  ]);
  return requests.filter(
    ({ id, service, key }) => !known.has(id) && !(key && known.has(keyOf(service, key.text))),
  ).length;
}

/** @throws StoreFullError */
function requireFit(open: number, count: number, requestsMax: number): void {
  if (count === 0 || open + count <= requestsMax) return;
  throw new StoreFullError(
    `As many requests wait as the store may hold (requestsMax: ${requestsMax}); nothing was stored.`,
  );
}

/**
 * Adds requests without keys, all or none, as a transaction of one statement.
 * @param counted - those of them that take room
 * @throws StoreFullError
 */
export async function addAlone(
  unit: Unit,
  requests: readonly NewRequest[],
  requestsMax: number,
  counted = requests.length,
): Promise<Submitted[]> {
  const first = new Map<string, NewRequest>();
  for (const request of requests) if (!first.has(request.id)) first.set(request.id, request);
  const fresh = [...first.values()];
  const { rows } = await sql<{ open: number; count: number; added: string[] | null }>`
    WITH room AS MATERIALIZED (${OPEN}), added AS (
      ${inserting(unit, fresh, sql`WHERE ${counted}::bigint = 0 OR (SELECT open FROM room) + ${counted}::bigint <= ${requestsMax}::bigint`)}
    ), counted AS (
      INSERT INTO totals (shard, service, state, requests, bytes)
      SELECT ${unit.shard}::smallint, service, 0, count(*), sum(bytes) FROM added GROUP BY service ORDER BY service
      ${ADDED}
    )
    SELECT (SELECT open FROM room) AS open, count(*) AS count,
      CASE WHEN count(*) < ${fresh.length}::bigint THEN array_agg(id::text) END AS added
    FROM added`.execute(unit.trx);
  const { open, count, added } = rows[0]!;
  if (counted > 0 && open + counted > requestsMax) {
    const left = await countFresh(unit, requests);
    requireFit(open, left, requestsMax);
    return addAlone(unit, requests, requestsMax, left);
  }
  const ids = added ? new Set(added.map(idText)) : undefined;
  return requests.map((request) => {
    const { id } = request;
    const isAdded = first.get(id) === request && (ids?.has(id) ?? count > 0);
    if (isAdded) unit.waits(request.dueAt);
    return { id, duplicate: !isAdded };
  });
}

/** Adds requests, unless their keys or ids are known. */
export async function addRequests(unit: Unit, requests: readonly NewRequest[]): Promise<Submitted[]> {
  const owners = await takeKeys(unit, requests);
  const ownerOf = ({ id, service, key }: NewRequest): string =>
    key ? owners.get(keyOf(service, key.text))! : id;
  const fresh = new Map<string, NewRequest>();
  for (const request of requests) {
    if (ownerOf(request) === request.id && !fresh.has(request.id)) fresh.set(request.id, request);
  }
  const added = await insert(unit, [...fresh.values()]);
  return requests.map((request) => {
    const id = ownerOf(request);
    // The first that asked for it is no duplicate.
    return { id, duplicate: !(fresh.get(id) === request && added.has(id)) };
  });
}

const keyOf = (service: string, text: string): string => `${service}\0${text}`;

/** Takes the keys that nobody has. @returns for each key the id that it stands for */
async function takeKeys({ trx, now }: Unit, requests: readonly NewRequest[]): Promise<Map<string, string>> {
  const wanted = new Map<string, NewRequest>();
  for (const request of requests) {
    const key = request.key && keyOf(request.service, request.key.text);
    if (key !== undefined && !wanted.has(key)) wanted.set(key, request);
  }
  const owners = new Map<string, string>();
  if (wanted.size === 0) return owners;
  // In one order, so that none waits for another in a circle.
  const sorted = [...wanted].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, request]) => request);
  const services = sorted.map(({ service }) => service);
  const texts = sorted.map(({ key }) => key!.text);
  await sql`
    INSERT INTO keys (service, text, id, until)
    SELECT * FROM unnest(${services}::text[], ${texts}::text[], ${sorted.map(({ id }) => id)}::uuid[],
      ${sorted.map(({ key }) => key!.until)}::bigint[])
    ON CONFLICT (service, text) DO UPDATE SET id = excluded.id, until = excluded.until WHERE keys.until <= ${now}`.execute(
    trx,
  );
  const { rows } = await sql<{ service: string; text: string; id: string }>`
    SELECT service, text, id FROM keys
    WHERE (service, text) IN (SELECT * FROM unnest(${services}::text[], ${texts}::text[]))`.execute(trx);
  for (const { service, text, id } of rows) owners.set(keyOf(service, text), idText(id));
  return owners;
}

/** @returns the ids that were not there before */
async function insert(unit: Unit, requests: readonly NewRequest[]): Promise<Set<string>> {
  if (requests.length === 0) return new Set();
  const { rows } = await sql<{ id: string }>`${inserting(unit, requests, sql``)}`.execute(unit.trx);
  const added = new Set(rows.map(({ id }) => idText(id)));
  for (const { id, service, body, dueAt } of requests) {
    if (!added.has(id)) continue;
    unit.note(service, 'waiting', 1, body.length);
    unit.waits(dueAt);
  }
  return added;
}

/** The statement that inserts requests whose ids are not known yet, and gives `id`, `service` and `bytes` of each. */
function inserting(
  unit: Unit,
  requests: readonly NewRequest[],
  condition: RawBuilder<unknown>,
): RawBuilder<unknown> {
  const of = <Value>(value: (request: NewRequest) => Value): Value[] => requests.map(value);
  return sql`
    INSERT INTO requests (id, state, service, priority, due_at, expires_at, submitted_at, bytes, terms, body)
    SELECT id, 0, service, priority, due_at, expires_at, ${unit.now}, length(body), terms, body
    FROM unnest(${of(({ id }) => id)}::uuid[], ${of(({ service }) => service)}::text[],
      ${of(({ priority }) => priority)}::smallint[], ${of(({ dueAt }) => dueAt)}::bigint[],
      ${of(({ expiresAt }) => expiresAt ?? null)}::bigint[], ${of(({ terms }) => terms ?? null)}::text[],
      ${of(({ body }) => Buffer.from(body.buffer, body.byteOffset, body.length))}::bytea[]) WITH ORDINALITY
      AS n (id, service, priority, due_at, expires_at, terms, body, place)
    ${condition} ORDER BY place
    ON CONFLICT (id) DO NOTHING RETURNING id, service, bytes`;
}
