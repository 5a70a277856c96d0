import {
  closeAllSockets,
  encodePacked,
  eventually,
  leakCheck,
  RawBroker01,
  RawBroker02,
  RawClient01,
  RawClient02,
  RawSocket,
  RawWorker01,
  RawWorker02,
} from '../src/index';

/*
 * What a client or worker that speaks MDP/P1 asks a broker, to learn what it speaks: docs/PROTOCOL.md, "Negotiation".
 */

leakCheck();
afterEach(closeAllSockets);

const introduction = { revision: 1, heartbeatMs: 1_000, capabilities: 0, metadata: Buffer.alloc(0) };
const hello = encodePacked('client-to-broker', [{ kind: 'hello', ...introduction }]);
const ready = encodePacked('worker-to-broker', [
  { kind: 'ready', service: 'echo', credit: 4, ...introduction },
]);
const openings = [
  ['HELLO', ['', ...hello]],
  ['READY', ['', ...ready]],
] as const;

describe.each([
  {
    rfc: 'RFC 7',
    listen: () => RawBroker01.listen(),
    heartbeat: ['', 'MDPW01', '\x04'],
    disconnect: ['', 'MDPW01', '\x05'],
    foreign: ['MDPW02', '\x05'],
    client: RawClient01,
    worker: RawWorker01,
  },
  {
    rfc: 'RFC 18',
    listen: () => RawBroker02.listen({ acceptReq: true }),
    heartbeat: ['MDPW02', '\x05'],
    disconnect: ['MDPW02', '\x06'],
    foreign: ['', 'MDPW01', '\x04'],
    client: RawClient02,
    worker: RawWorker02,
  },
])('a broker of $rfc', ({ listen, heartbeat, disconnect, foreign, client, worker }) => {
  test.each(openings)('is not disturbed by a packed %s', async (_name, opening) => {
    const broker = await listen();
    broker.autoRoute();
    const probe = new RawSocket('dealer').connect(broker.endpoint);
    await probe.send(...opening);
    await eventually(() => broker.violations.length === 1);
    expect(broker.violations[0]).toMatch(/MDPW0[12]/);
    await probe.expectSilence(0);

    await probe.send(...foreign);
    await probe.send(...heartbeat);
    expect((await probe.receive()).map(String)).toEqual(disconnect);
    expect(broker.violations).toHaveLength(2);
    expect([broker.workers, broker.heartbeats]).toEqual([[], 1]);

    const peer = new worker(broker.endpoint);
    await peer.ready('echo');
    const asking = new client(broker.endpoint).ask('echo', 'x');
    const request = await peer.nextRequest();
    await peer.final(request.address, 'y');
    expect((await asking).map(String)).toEqual(['y']);
    expect(broker.violations).toHaveLength(2);
    await probe.expectSilence(0);
  });
});
