import { counted, duration, printable, table, trimmed, type Column } from '../format';
import { TOP_COLUMNS, type TopColumn } from './columns';
import type { ServiceSnapshot, Snapshot } from './snapshot';

/** How the services are to be shown. */
export interface View {
  readonly sort: TopColumn;
  /** True for the order that is not the column's own: names from a, numbers from the largest. */
  readonly turned: boolean;
  /** Services left out at the top. */
  readonly scroll: number;
  readonly paused: boolean;
}

/** What fits on the screen. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

const NONE = '-';

const workersOf = ({ workers }: ServiceSnapshot): number =>
  workers.idle + workers.busy + workers.full + workers.draining;

const rate = (value: number | null): string => (value === null ? NONE : trimmed(value));
const time = (ms: number | null): string => (ms === null ? NONE : duration(ms));

const KEYS: Readonly<Record<TopColumn, (row: ServiceSnapshot) => number | string>> = {
  service: ({ service }) => service,
  rate: (row) => row.rate ?? -1,
  errors: (row) => row.errorRate ?? -1,
  p50: (row) => row.p50Ms ?? -1,
  p99: (row) => row.p99Ms ?? -1,
  queued: ({ queued }) => queued,
  oldest: ({ queued, oldestMs }) => (queued > 0 ? oldestMs : -1),
  'in-flight': ({ inFlight }) => inFlight,
  workers: workersOf,
};

const SHOW: Readonly<Record<TopColumn, (row: ServiceSnapshot) => string>> = {
  service: ({ service }) => service,
  rate: (row) => rate(row.rate),
  errors: (row) => rate(row.errorRate),
  p50: (row) => time(row.p50Ms),
  p99: (row) => time(row.p99Ms),
  queued: ({ queued }) => trimmed(queued),
  oldest: ({ queued, oldestMs }) => (queued > 0 ? duration(oldestMs) : NONE),
  'in-flight': ({ inFlight, credit }) => `${trimmed(inFlight)} of ${trimmed(credit)}`,
  workers: (row) => `${trimmed(workersOf(row))}, ${trimmed(row.workers.idle)} idle`,
};

const TITLES: Readonly<Record<TopColumn, string>> = {
  service: 'SERVICE',
  rate: 'REQ/S',
  errors: 'ERR/S',
  p50: 'P50',
  p99: 'P99',
  queued: 'QUEUED',
  oldest: 'OLDEST',
  'in-flight': 'IN FLIGHT',
  workers: 'WORKERS',
};

const collator = new Intl.Collator('en', { numeric: true });

function compare(left: number | string, right: number | string): number {
  if (typeof left === 'number' && typeof right === 'number') return right - left;
  return collator.compare(String(left), String(right));
}

/** The services in the order that is asked for. */
export function sorted(
  services: readonly ServiceSnapshot[],
  { sort, turned }: Pick<View, 'sort' | 'turned'>,
): ServiceSnapshot[] {
  const key = KEYS[sort];
  const sign = turned ? -1 : 1;
  return [...services].sort(
    (left, right) => sign * compare(key(left), key(right)) || collator.compare(left.service, right.service),
  );
}

/** The services as a table; the column that it is sorted by is marked. */
export function servicesTable(
  rows: readonly ServiceSnapshot[],
  { sort, turned }: Pick<View, 'sort' | 'turned'>,
): string {
  const columns = TOP_COLUMNS.map((name): Column<ServiceSnapshot> => {
    const mark = name === sort ? (turned ? ' ^' : ' v') : '';
    const title = TITLES[name] + mark;
    return { title, show: SHOW[name], ...(name === 'service' ? {} : { align: 'right' as const }) };
  });
  return table(columns, rows);
}

/** What the broker is and does, in two lines, and why it is not ready in a third. */
export function summary({ broker, servicesTotal, workersTotal }: Snapshot): string[] {
  const clients = broker.peers
    .filter(({ role }) => role === 'client')
    .reduce((sum, { count }) => sum + count, 0);
  const state = broker.ready
    ? 'ready'
    : broker.state === 'running'
      ? 'NOT READY'
      : broker.state.toUpperCase();
  return [
    `majordomo ${broker.version}  ${broker.endpoints.join(' ')}  ${state}  up ${duration(broker.uptimeMs)}  ` +
      `lag ${trimmed(broker.lagMs)} ms  cpu ${Math.round(broker.cpu * 100)} %  ` +
      `memory ${trimmed(broker.memoryBytes / 1_048_576)} MiB`,
    `${trimmed(broker.rate)} requests/s  ${trimmed(broker.errorRate)} errors/s  ${trimmed(broker.queued)} waiting  ` +
      `${trimmed(broker.inFlight)} in flight  ${counted(servicesTotal, 'service')}  ` +
      `${counted(workersTotal, 'worker')}  ${counted(clients, 'client')}`,
    ...broker.reasons.map((reason) => `! ${reason}`),
  ];
}

/** One line per thing that went wrong lately. */
export function incidentLines({ incidents }: Snapshot, most: number): string[] {
  return incidents.slice(0, most).map(({ at, kind, service, detail, times }) => {
    const when = new Date(at).toISOString().slice(11, 19);
    return [when, kind.padEnd(6), service, times > 1 ? `${detail} (${times} times)` : detail]
      .filter(Boolean)
      .join('  ');
  });
}

const HELP = 'q end   ← → sort   r turn   ↑ ↓ scroll   space pause';
/** Incidents that are shown where there is room for them. */
const INCIDENTS_SHOWN = 5;

/**
 * Everything as lines that fit the screen.
 * @param trouble - why the snapshot is an old one; '' where it is not
 */
export function screenful(snapshot: Snapshot, view: View, { columns, rows }: Size, trouble = ''): string[] {
  const [state = '', ...others] = summary(snapshot);
  const top = [trouble ? `! ${trouble}` : state, ...others];
  const incidents = incidentLines(snapshot, rows > 24 ? INCIDENTS_SHOWN : 2);
  const bottom = [
    ...(incidents.length > 0 ? ['', ...incidents] : []),
    view.paused ? `PAUSED   ${HELP}` : HELP,
  ];
  const room = Math.max(1, rows - top.length - bottom.length - 2);
  const services = sorted(snapshot.services, view);
  const from = Math.min(view.scroll, Math.max(0, services.length - room));
  const body = servicesTable(services.slice(from, from + room), view).split('\n');
  while (body.length < room + 1) body.push('');
  return [...top, '', ...body, ...bottom].slice(0, rows).map((line) => cut(printable(line), columns));
}

/** The first so many characters. */
function cut(line: string, columns: number): string {
  const characters = [...line];
  return characters.length <= columns ? line : `${characters.slice(0, columns - 1).join('')}…`;
}
