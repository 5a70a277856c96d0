import {
  Body,
  DEFAULT_LIMITS,
  DISCONNECT,
  HEARTBEAT,
  keyToBytes,
  NO_METADATA,
  PackedWire,
  packedClient,
  packedClientAtBroker,
  PRIORITY_DEFAULT,
  REVISION,
  type BrokerToClient,
  type ClientToBroker,
  type Frame,
  type Hello,
  type Rejection,
  type Verdict,
  type Welcome,
} from '../../src/index';

const HELLO: Hello = {
  kind: 'hello',
  revision: REVISION,
  heartbeatMs: 1_000,
  capabilities: 0,
  metadata: NO_METADATA,
};
const WELCOME: Welcome = {
  kind: 'welcome',
  revision: REVISION,
  heartbeatMs: 1_000,
  capabilities: 0,
  internedMax: 0,
  metadata: NO_METADATA,
  ...DEFAULT_LIMITS,
};
/** What a plain broker says to the HEARTBEAT of a stranger, in MDP/0.1. */
const PLAIN_DISCONNECT: Frame[] = ['', 'MDPW01', '\x05'].map(keyToBytes);

const request = (id: number): ClientToBroker => ({
  kind: 'request',
  id,
  service: 'echo',
  body: Body.of('x'),
  remainingMs: 0,
  window: 1,
  priority: PRIORITY_DEFAULT,
  failFast: false,
  metadata: NO_METADATA,
});

/** A client's wire, and a broker's session at the other end of it. */
function newWire(asks: boolean) {
  const seen = {
    verdicts: [] as Verdict[],
    received: [] as BrokerToClient[],
    refused: [] as Rejection[],
    ignored: [] as Rejection[],
    unflushed: 0,
    left: [] as Frame[][],
  };
  const wire = new PackedWire<ClientToBroker, BrokerToClient>(
    packedClient(),
    { asks, probeMs: 100, limits: DEFAULT_LIMITS },
    () => 0,
    {
      found: (verdict) => seen.verdicts.push(verdict),
      received: (commands) => seen.received.push(...commands),
      refused: (rejection) => seen.refused.push(rejection),
      ignored: (rejection) => seen.ignored.push(rejection),
      unflushed: () => seen.unflushed++,
    },
    (message) => seen.left.push(message),
  );
  const broker = packedClientAtBroker();
  const say = (command: BrokerToClient): void => {
    broker.add(command);
    wire.message(broker.take());
  };
  /** What has left since the last time, as the broker reads it: the kinds of the commands, message by message. */
  const heard = (): string[][] =>
    seen.left.splice(0).map((message) => {
      const decoded = broker.decode(message[0]?.length === 0 ? message.slice(1) : message, DEFAULT_LIMITS);
      return decoded.ok ? decoded.command.map(({ kind }) => kind) : [decoded.rejection.reason];
    });
  return { wire, seen, say, heard };
}

test('what is sent in one turn leaves as one message, and the first opens the session', () => {
  const { wire, seen, say, heard } = newWire(false);
  wire.send(HELLO);
  expect([seen.unflushed, seen.left.length]).toEqual([1, 0]);
  wire.flush();
  expect(seen.left[0]?.[0]).toHaveLength(0);
  expect(heard()).toEqual([['hello']]);
  say(WELCOME);
  expect(wire.established).toBe(true);
  for (const id of [1, 2, 3]) wire.send(request(id));
  expect(seen.unflushed).toBe(2);
  wire.flush();
  wire.flush();
  expect(seen.left[0]?.[0]).not.toHaveLength(0);
  expect(heard()).toEqual([['request', 'request', 'request']]);
  expect(seen.received).toMatchObject([{ kind: 'welcome' }]);
  expect([seen.verdicts, wire.nextWakeAt]).toEqual([[], Infinity]);
});

test('a message that is full leaves before the end of the turn', () => {
  const { wire, seen, heard } = newWire(false);
  wire.send(HELLO);
  wire.flush();
  heard();
  for (let id = 1; seen.left.length === 0; id++) wire.send(request(id));
  expect(heard()[0]?.length).toBeGreaterThan(100);
});

test('what the broker speaks is asked, one question after another, and packed goes on as the session', () => {
  const { wire, seen, say } = newWire(true);
  wire.send(HELLO);
  wire.flush();
  expect(wire.nextWakeAt).toBe(100);
  wire.tick(99);
  expect(seen.left).toHaveLength(1);
  wire.tick(100);
  expect(seen.left).toHaveLength(2);
  say(WELCOME);
  expect(seen.verdicts).toEqual(['packed']);
  expect(seen.received).toMatchObject([{ kind: 'welcome' }]);
  expect(wire.nextWakeAt).toBe(Infinity);
});

test('the answer of a packed broker to a plain question that it heard late does no harm', () => {
  const { wire, seen, say } = newWire(true);
  wire.send(HELLO);
  wire.flush();
  wire.tick(100);
  say(WELCOME);
  wire.message(PLAIN_DISCONNECT);
  say(HEARTBEAT);
  expect(seen.refused).toEqual([]);
  expect(seen.received.map(({ kind }) => kind)).toEqual(['welcome', 'heartbeat']);
});

test('a plain broker is found out, and one that answers nothing', () => {
  const plain = newWire(true);
  plain.wire.send(HELLO);
  plain.wire.flush();
  plain.wire.tick(100);
  plain.wire.message(PLAIN_DISCONNECT);
  expect(plain.seen.verdicts).toEqual(['mdp/0.1']);
  const silent = newWire(true);
  silent.wire.send(HELLO);
  silent.wire.flush();
  for (const now of [100, 200, 300]) silent.wire.tick(now);
  expect([silent.seen.verdicts, silent.wire.nextWakeAt]).toEqual([['silent'], Infinity]);
});

test('what is no answer is told of and leads to nothing while it asks, and is refused in a session', () => {
  const { wire, seen, say } = newWire(true);
  wire.send(HELLO);
  wire.flush();
  wire.message([keyToBytes('noise')]);
  expect([seen.ignored.length, seen.refused.length, seen.verdicts]).toEqual([1, 0, []]);
  say(WELCOME);
  wire.message([keyToBytes('noise')]);
  expect([seen.ignored.length, seen.refused.length]).toEqual([1, 1]);
});

test('the last word leaves alone: what waits is for nobody', () => {
  const { wire, say, heard } = newWire(false);
  wire.send(HELLO);
  wire.flush();
  say(WELCOME);
  heard();
  wire.send(request(1));
  wire.sendLast(DISCONNECT);
  expect(heard()).toEqual([['disconnect']]);
});
