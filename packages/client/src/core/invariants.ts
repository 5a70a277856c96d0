import { StateError } from '@majordomo/protocol';
import type { Brokers, BrokerState } from './brokers';
import type { Call } from './call';
import type { Calls } from './calls';
import type { PackedLink } from './packed-link';
import type { PackedLinks } from './packed-links';
import type { PackedTalk } from './packed-talk';
import type { Pool, PoolSettings } from './pool';
import type { Sockets } from './sockets';

/** The rooms of a core, as {@link checkInvariants} goes through them. */
export interface Rooms {
  readonly settings: PoolSettings & { readonly pendingMax: number };
  readonly calls: Calls;
  readonly brokers: Brokers;
  readonly sockets: Sockets;
  readonly pool: Pool;
  readonly sessions: PackedLinks;
  readonly packed: PackedTalk;
}

function insist(condition: boolean, what: () => string): void {
  if (!condition) throw new StateError(`The client's tables contradict each other: ${what()}.`);
}

/**
 * Holds all tables of a core against each other: every call is where its state says, counts are the sums of what they
 * count, bounds are kept. It walks over everything, and is for tests and simulation.
 * @throws StateError saying what is wrong
 */
export function checkInvariants(rooms: Rooms): void {
  const { calls, sockets, pool, sessions, packed, settings } = rooms;
  let timed = 0;
  let sent = 0;
  const see = (call: Call, state: Call['state']): void => {
    insist(
      call.state === state,
      () => `a call to ${call.service} is ${call.state} where it should be ${state}`,
    );
    if (call.dueAt !== Infinity) timed++;
  };
  for (const call of calls.waiting) {
    see(call, 'waiting');
    insist(call.link === undefined, () => `a call to ${call.service} waits, and has a connection`);
  }
  for (const link of sessions.all) {
    for (const call of link.calls) {
      see(call, 'sent');
      checkPacked(call, link, packed);
    }
    sent += link.calls.length;
  }
  insist(packed.known === sent, () => `${packed.known} ids are kept for ${sent} calls`);
  sent += checkPool(pool, see);
  const held = sent + calls.waiting.length;
  insist(calls.pending === held, () => `${calls.pending} calls are counted, and ${held} are held`);
  insist(calls.pending <= settings.pendingMax, () => `${calls.pending} calls, beyond ${settings.pendingMax}`);
  insist(
    calls.deadlines.size === timed,
    () => `${calls.deadlines.size} deadlines are kept for ${timed} calls`,
  );
  const open = pool.size + sessions.size;
  insist(sockets.size === open, () => `${sockets.size} sockets are counted, and ${open} are there`);
  insist(open <= settings.socketsMax, () => `${open} sockets, beyond ${settings.socketsMax}`);
  for (const broker of rooms.brokers.all) checkBroker(broker, pool, sessions);
}

function checkPacked(call: Call, link: PackedLink, packed: PackedTalk): void {
  insist(call.link === link, () => `a call to ${call.service} is on a session that is not its own`);
  insist(packed.knows(call), () => `the id ${call.id} of a call to ${call.service} is not its own`);
}

/** Returns how many calls are on plain sockets. */
function checkPool(pool: Pool, see: (call: Call, state: 'sent') => void): number {
  let busy = 0;
  let idle = 0;
  for (const link of pool.all) {
    insist(
      (link.state === 'busy') === (link.call !== undefined),
      () => `a socket is ${link.state} with a call`,
    );
    if (link.state === 'idle') idle++;
    if (!link.call) continue;
    busy++;
    const { call } = link;
    see(call, 'sent');
    insist(call.link === link, () => `a call to ${call.service} is on a socket that is not its own`);
  }
  insist(pool.idle === idle, () => `${pool.idle} sockets are taken for idle, and ${idle} are`);
  return busy;
}

function checkBroker(broker: BrokerState, pool: Pool, sessions: PackedLinks): void {
  let links = 0;
  for (const link of pool.all) if (link.broker === broker) links++;
  for (const link of sessions.all) if (link.broker === broker) links++;
  insist(
    broker.links === links,
    () => `${broker.endpoint} has ${links} connections, and ${broker.links} are counted`,
  );
}
