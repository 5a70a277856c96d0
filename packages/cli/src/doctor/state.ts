import type { MmiBroker, MmiService, MmiWorker } from '@majordomo/protocol';
import { duration, trimmed } from '../format';
import { look, ok, wrong, type Finding } from './finding';

/** What a broker of ours says of itself; lists are `undefined` where they may not be asked for. */
export interface BrokerState {
  readonly broker: MmiBroker;
  readonly services: readonly MmiService[] | undefined;
  readonly workers: readonly MmiWorker[] | undefined;
}

/** Waits longer than this are worth a word, in ms. */
const WAIT_MS = 5_000;
/** From this share of a bound on it is close. */
const CLOSE = 0.8;
/** Names that one finding lists. */
const NAMED_MAX = 5;

/** What is to be said of a broker of ours, by its own account. */
export function examineState(state: BrokerState, ourVersion: string): Finding[] {
  return [
    ...aboutLife(state.broker, ourVersion),
    ...aboutHeartbeats(state),
    ...aboutQueues(state),
    ...aboutBounds(state.broker),
    ...aboutMisunderstandings(state.broker),
  ];
}

const named = (names: readonly string[]): string =>
  names.slice(0, NAMED_MAX).join(', ') +
  (names.length > NAMED_MAX ? ` and ${names.length - NAMED_MAX} more` : '');

function aboutLife({ version, uptimeMs, draining }: MmiBroker, ourVersion: string): Finding[] {
  const says = `version ${version}, up ${duration(uptimeMs)}`;
  const life = draining
    ? wrong('broker', `${says}, draining: it takes no more requests`, 'wait for the next one, or use another')
    : ok('broker', says);
  if (version === ourVersion) return [life];
  return [
    life,
    look(
      'versions',
      `the broker has ${version}, this command ${ourVersion}`,
      'they understand each other; update the older one when that is convenient',
    ),
  ];
}

function aboutHeartbeats({ broker: { limits }, workers = [] }: BrokerState): Finding[] {
  const { heartbeatMs = 0, liveness = 0 } = limits;
  const says = `every ${trimmed(heartbeatMs)} ms, a peer is given up after ${duration(heartbeatMs * liveness)} of silence`;
  const late = workers.filter(({ silentMs, inFlight }) => inFlight === 0 && silentMs > 2 * heartbeatMs);
  if (late.length === 0) return [ok('heartbeats', says)];
  return [
    look(
      'heartbeats',
      `${says}; ${trimmed(late.length)} idle workers have missed more than one: ${named(late.map(({ service, peer }) => `${peer} of ${service}`))}`,
      `they are overloaded, stopped or cut off, or plain workers with a longer interval: give them ${heartbeatMs} ms`,
    ),
  ];
}

function aboutQueues({ services }: BrokerState): Finding[] {
  if (!services) return [];
  const waiting = services.filter(({ queued }) => queued > 0);
  const unserved = waiting.filter(({ workers }) => workers === 0);
  const slow = waiting.filter(({ workers, oldestWaitingMs }) => workers > 0 && oldestWaitingMs > WAIT_MS);
  const findings: Finding[] = [];
  if (unserved.length > 0) {
    findings.push(
      wrong(
        'services',
        `requests wait for what no worker serves: ${named(unserved.map(({ service }) => service))}`,
        'start workers for it, or look for a mistake in the name that clients ask for',
      ),
    );
  }
  if (slow.length > 0) {
    const names = slow.map(({ service, oldestWaitingMs }) => `${service} (${duration(oldestWaitingMs)})`);
    findings.push(
      look(
        'queues',
        `requests wait for long: ${named(names)}`,
        'start more workers, raise their concurrency, or look at why they are slow',
      ),
    );
  }
  if (findings.length > 0) return findings;
  const served = services.filter(({ workers }) => workers > 0).length;
  if (served === 0)
    return [look('services', 'no worker is registered', 'start one: majordomo worker NAME --echo')];
  return [ok('services', `${trimmed(served)} served, nobody waits for long`)];
}

function aboutBounds({ limits, services, workers, clients, queuedBytes }: MmiBroker): Finding[] {
  const held: readonly (readonly [name: string, value: number])[] = [
    ['servicesMax', services],
    ['workersMax', workers],
    ['clientsMax', clients],
    ['pendingBytesMax', queuedBytes],
  ];
  const close = held.filter(([name, value]) => value >= CLOSE * (limits[name] ?? Infinity));
  if (close.length === 0) return [ok('bounds', 'none is close')];
  return [
    look(
      'bounds',
      close.map(([name, value]) => `${trimmed(value)} of ${name} ${trimmed(limits[name] ?? 0)}`).join(', '),
      'beyond a bound the broker refuses: raise it, or find out what fills it',
    ),
  ];
}

function aboutMisunderstandings({ rejections, counters }: MmiBroker): Finding[] {
  const reasons = Object.entries(rejections).filter(([, count]) => count > 0);
  const { protocolErrors = 0 } = counters;
  if (reasons.length === 0 && protocolErrors === 0) return [ok('messages', 'every one was understood')];
  const told = [
    ...reasons.map(([reason, count]) => `${trimmed(count)} rejected (${reason})`),
    ...(protocolErrors > 0 ? [`${trimmed(protocolErrors)} out of place`] : []),
  ];
  return [
    look(
      'messages',
      `since its start: ${told.join(', ')}`,
      'the log of the broker says of whom (events messageRejected and protocolError); after a restart of the broker some are normal',
    ),
  ];
}
