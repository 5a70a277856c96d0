import {
  crowdOfWorkers,
  deafClient,
  deafPlainClient,
  deafWorker,
  endlessMessage,
  management,
  newServices,
  oneByteMessages,
  silence,
  type Offence,
} from '../offences';
import type { OffenderKind, OffenderStats, PartParams, Playing } from './part';

/** The service that deaf peers ask for, or serve. */
export const LARGE = 'large';

const OFFENCES: Readonly<Record<OffenderKind, (endpoint: string, count: number) => Promise<Offence>>> = {
  'deaf-client': (endpoint, count) => deafClient(endpoint, LARGE, count),
  'deaf-plain-client': (endpoint, count) => deafPlainClient(endpoint, LARGE, count),
  'deaf-worker': (endpoint, count) => deafWorker(endpoint, LARGE, count),
  'one-byte-messages': oneByteMessages,
  'endless-message': endlessMessage,
  silent: (endpoint, count) => silence(endpoint, count, true),
  'silent-tcp': (endpoint, count) => silence(endpoint, count, false),
  workers: crowdOfWorkers,
  services: newServices,
  mmi: management,
};

/** A peer that misbehaves, or a crowd of them. */
export async function playOffender(
  params: PartParams & { part: 'offender' },
): Promise<Playing<OffenderStats>> {
  const offence = await OFFENCES[params.kind](params.endpoint, params.count);
  return {
    stats: () => {
      const { connections, sent, heard, refused, shortfall } = offence;
      const closed = connections.flatMap(({ closedAt }) => closedAt ?? []);
      const firstClosedAt = closed.length === 0 ? undefined : performance.timeOrigin + Math.min(...closed);
      return {
        open: connections.length - closed.length,
        closed: closed.length,
        firstClosedAt,
        sent,
        heard,
        refused,
        shortfall,
      };
    },
  };
}
