import type { TitanicCounts } from '@majordomo/titanic';
import { trimmed, type Column } from '../format';

const STATES = ['waiting', 'running', 'done', 'dead', 'expired', 'cancelled'] as const;
type State = (typeof STATES)[number];

/** How many requests a service has in each state. */
export interface ServiceCounts {
  readonly service: string;
  readonly requests: Readonly<Partial<Record<string, number>>>;
  /** Of bodies and replies. */
  readonly bytes: number;
}

/** A row per service of what is counted per service and state. */
export function countsByService(counts: TitanicCounts['services']): ServiceCounts[] {
  const services = [...new Set(counts.map(({ service }) => service))].sort();
  return services.map((service) => {
    const own = counts.filter((count) => count.service === service);
    return {
      service,
      requests: Object.fromEntries(own.map(({ state, requests }) => [state, requests])),
      bytes: own.reduce((sum, { bytes }) => sum + bytes, 0),
    };
  });
}

/** What a table of them shows. */
export const countColumns: readonly Column<ServiceCounts>[] = [
  { title: 'SERVICE', show: ({ service }) => service },
  ...STATES.map((state: State): Column<ServiceCounts> => ({
    title: state.toUpperCase(),
    align: 'right',
    show: ({ requests }) => trimmed(requests[state] ?? 0),
  })),
  { title: 'BYTES', align: 'right', show: ({ bytes }) => trimmed(bytes) },
];
