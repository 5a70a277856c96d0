import { SILENT } from '@majordomo/protocol';
import type { BrokerCore } from '../../src/core/broker-core';
import type { Access } from '../../src/shell/access';
import { Connections } from '../../src/shell/connections';
import type { Departures } from '../../src/shell/departures';
import type { Sender } from '../../src/shell/sender';
import { Turn } from '../../src/shell/turn';

/** Connections around a core of which no more is there than they ask for; what is done to it is noted. */
function newConnections({ withPolicy = false, workers = ['w'] } = {}) {
  const did: string[] = [];
  const core = {
    workers: new Map(workers.map((peer) => [peer, { dialect: {} }] as const)),
    peerGone: (peer: string, reason: string) => did.push(`gone ${peer} ${reason}`),
    peersGone: (gone: readonly (readonly [string, string])[]) =>
      did.push(`gone together ${gone.map(([peer, reason]) => `${peer} ${reason}`).join(', ')}`),
  } as unknown as BrokerCore;
  const access = {
    connectionChanged: (peer: string) => did.push(`access ${peer}`),
  } as unknown as Access;
  const sender = {
    packed: { get: () => undefined, end: (peer: string) => did.push(`ended ${peer}`) },
    toWorker: (peer: string) => did.push(`asked ${peer}`),
  } as unknown as Sender;
  const departures = {
    has: () => false,
    settle: (peer: string) => did.push(`settled ${peer}`),
  } as unknown as Departures;
  const turn = new Turn(() => did.push('end of turn'));
  const policy = withPolicy ? access : undefined;
  return { did, connections: new Connections(core, policy, sender, departures, turn, () => 0, SILENT) };
}

/** The end of this turn of the loop. */
const turnIsOver = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('a worker whose connection seems to be closed is asked, not believed', async () => {
  const { did, connections } = newConnections();
  connections.changed('w');
  await turnIsOver();
  expect(did).toEqual([]);
  connections.stop();
});

test('a client is believed', async () => {
  const { did, connections } = newConnections();
  connections.changed('c');
  await turnIsOver();
  expect(did).toEqual(['gone c connection_closed', 'ended c', 'end of turn']);
  connections.stop();
});

test('under a policy a worker is believed, and what it held is given away with the turn', async () => {
  const { did, connections } = newConnections({ withPolicy: true });
  connections.changed('w');
  await turnIsOver();
  expect(did).toEqual(['access w', 'settled w', 'gone w connection_closed', 'ended w', 'end of turn']);
  connections.stop();
});

test('peers that turn out to be gone in one turn are reported together, and not in the middle of it', async () => {
  const { did, connections } = newConnections();
  connections.lost('a', 'unreachable');
  connections.lost('b', 'stalled');
  expect(did).toEqual([]);
  await turnIsOver();
  expect(did).toEqual(['gone together a connection_closed, b stalled', 'end of turn']);
  connections.stop();
});

test('a broker that has closed asks and reports nothing any more', async () => {
  const { did, connections } = newConnections();
  connections.lost('a', 'unreachable');
  connections.stop();
  connections.changed('c');
  await turnIsOver();
  expect(did).toEqual([]);
});
