import {
  closeAllSockets,
  eventually,
  leakCheck,
  RawBroker01,
  RawBroker02,
  RawClient01,
  RawClient02,
  RawSocket,
  RawWorker01,
  RawWorker02,
  type RawBroker,
  type RawWorker,
} from '../src/index';

leakCheck();
afterEach(closeAllSockets);

/** Messages that break a layout, with the words of the complaint. */
type Malformed = [complaint: string, ...frames: string[]][];

const toBroker01: Malformed = [
  ['frame 0 must be empty', 'MDPC01', 's', 'x'],
  ['frame 0 must be empty', 'x', 'MDPC01', 's', 'x'],
  ['frame 1 is missing', ''],
  ["frame 1 must be 'MDPW01'", '', 'MDPC02', '\x01', 's', 'x'],
  ['frame 2 must be a printable service name', '', 'MDPC01', '', 'x'],
  ['frame 2 must be a printable service name', '', 'MDPC01', 'a\nb', 'x'],
  ['frame 3 is missing, must be a body frame', '', 'MDPC01', 's'],
  ['frame 2 is missing, must be a command byte', '', 'MDPW01'],
  ['frame 2 must be one byte of 1, 3, 4, 5', '', 'MDPW01', '\x02', 'c', '', 'x'],
  ['frame 2 must be one byte of 1, 3, 4, 5', '', 'MDPW01', '\x06'],
  ['frame 2 must be one byte of 1, 3, 4, 5', '', 'MDPW01', '\x01\x01', 's'],
  ['frame 3 is missing, must be a service name', '', 'MDPW01', '\x01'],
  ['frame 4 must not be there', '', 'MDPW01', '\x01', 's', 'x'],
  ['frame 3 must not be there', '', 'MDPW01', '\x04', ''],
  ['frame 3 must not be there', '', 'MDPW01', '\x05', ''],
  ['frame 3 must be a client address', '', 'MDPW01', '\x03', '', '', 'x'],
  ['frame 4 must be empty', '', 'MDPW01', '\x03', 'c', 'x'],
  ['frame 5 is missing, must be a body frame', '', 'MDPW01', '\x03', 'c', ''],
];

const toBroker02: Malformed = [
  ["frame 0 must be 'MDPW02'", '', 'MDPC02', '\x01', 's', 'x'],
  ["frame 0 must be 'MDPW02'", 'MDPC01', '\x01', 's', 'x'],
  ['frame 1 must be one byte of 1', 'MDPC02', '\x02', 's', 'x'],
  ['frame 1 must be one byte of 1', 'MDPC02', 's', 'x'],
  ['frame 3 is missing, must be a body frame', 'MDPC02', '\x01', 's'],
  ['frame 1 must be one byte of 1, 3, 4, 5, 6', 'MDPW02', '\x02', 'c', '', 'x'],
  ['frame 3 must not be there', 'MDPW02', '\x01', 's', 'x'],
  ['frame 2 must not be there', 'MDPW02', '\x05', ''],
  ['frame 2 must not be there', 'MDPW02', '\x06', ''],
  ['frame 3 must be empty', 'MDPW02', '\x03', 'c', 'x'],
  ['frame 4 is missing, must be a body frame', 'MDPW02', '\x04', 'c', ''],
];

describe.each([
  { name: 'RawBroker01', listen: RawBroker01.listen, malformed: toBroker01, good: ['', 'MDPW01', '\x04'] },
  { name: 'RawBroker02', listen: RawBroker02.listen, malformed: toBroker02, good: ['MDPW02', '\x05'] },
])('$name', ({ listen, malformed, good }) => {
  let broker: RawBroker;

  beforeEach(async () => {
    broker = await listen({});
  });

  test.each(malformed)('complains: %s', async (complaint, ...frames) => {
    const peer = new RawSocket('dealer').connect(broker.endpoint);
    await peer.send(...frames);
    await peer.send(...good);
    expect((await broker.nextFromWorker()).command).toBe('heartbeat');
    expect(broker.violations).toEqual([expect.stringContaining(complaint)]);
    await broker.expectNoClientRequest(0);
  });
});

describe.each([
  {
    rfc: 'RFC 7',
    listen: RawBroker01.listen,
    connect: (endpoint: string): RawWorker => new RawWorker01(endpoint),
    head: ['', 'MDPW01'],
    wrongHead: ['MDPW02'],
    heartbeat: '\x04',
    request: '\x02',
  },
  {
    rfc: 'RFC 18',
    listen: RawBroker02.listen,
    connect: (endpoint: string): RawWorker => new RawWorker02(endpoint),
    head: ['MDPW02'],
    wrongHead: ['', 'MDPW02'],
    heartbeat: '\x05',
    request: '\x02',
  },
])('worker of $rfc', ({ listen, connect, head, wrongHead, heartbeat, request }) => {
  let broker: RawBroker;
  let worker: RawWorker;
  let identity: Buffer;

  beforeEach(async () => {
    broker = await listen({});
    worker = connect(broker.endpoint);
    await worker.ready('s');
    identity = (await broker.nextFromWorker()).worker;
  });

  test('throws a malformed command in place of what it awaits, and lists it', async () => {
    const malformed: [string[], string][] = [
      [[...wrongHead, heartbeat], 'frame 0 must be'],
      [[...head, '\x07'], 'must be one byte of'],
      [[...head, heartbeat, 'x'], 'must not be there'],
      [[...head, request, 'c', ''], 'must be a body frame'],
      [[...head, request, 'c', 'x'], 'must be empty'],
      [[...head, request, '', '', 'x'], 'must be a client address'],
    ];
    for (const [frames, complaint] of malformed) {
      await broker.socket.send(identity, ...frames);
      await expect(worker.nextRequest()).rejects.toThrow(complaint);
    }
    expect(worker.violations).toHaveLength(malformed.length);
    await broker.socket.send(identity, 'junk');
    await expect(worker.expectHeartbeat()).rejects.toThrow('junk');
    expect(worker.heartbeats).toBe(0);
  });

  test('a second READY is a violation', async () => {
    await worker.ready('s');
    await eventually(() => broker.violations.length > 0);
    expect(broker.violations).toEqual([expect.stringContaining('second READY')]);
  });

  test('a reply to nobody, and a second reply, are violations', async () => {
    await worker.final('c', 'x');
    await broker.sendRequest(identity, 'c', 'x');
    const { address } = await worker.nextRequest();
    await worker.final(address, 'x');
    await worker.final(address, 'x');
    await eventually(() => broker.violations.length === 2);
    expect(broker.violations).toEqual([
      expect.stringContaining('which asked nothing'),
      expect.stringContaining('which asked nothing'),
    ]);
    expect((await broker.nextFromWorker()).body).toEqual([Buffer.from('x')]);
  });

  test('a command after its own DISCONNECT is a violation', async () => {
    await worker.disconnect();
    await worker.heartbeat();
    await eventually(() => broker.violations.length > 0);
    expect(broker.violations).toEqual([expect.stringContaining('after its own DISCONNECT')]);
  });
});

test('a chosen routing id may come back with a new READY', async () => {
  // Without handover a ROUTER ignores the new connection while it has not seen the end of the old.
  const handover = (socket: object): void => void Object.assign(socket, { handover: true });
  const broker = await RawBroker02.listen({ configure: handover });
  for (let round = 0; round < 2; round += 1) {
    const worker = new RawWorker02(broker.endpoint, { routingId: 'me' });
    await worker.ready('s');
    expect((await broker.nextFromWorker()).command).toBe('ready');
    await worker.disconnect();
    expect((await broker.nextFromWorker()).command).toBe('disconnect');
    await worker.close();
  }
  expect(broker.violations).toEqual([]);
});

describe('clients throw malformed replies', () => {
  test.each<[string, ...string[]]>([
    ['frame 0 must be empty', 'MDPC01', 's', 'x'],
    ["frame 1 must be 'MDPC01'", '', 'MDPC02', 's', 'x'],
    ['frame 3 is missing, must be a body frame', '', 'MDPC01', 's'],
    ['frame 2 must be a printable service name', '', 'MDPC01', '', 'x'],
  ])('RFC 7: %s', async (complaint, ...frames) => {
    const broker = await RawBroker01.listen();
    const client = new RawClient01(broker.endpoint);
    await client.request('s', 'x');
    await broker.socket.send((await broker.nextClientRequest()).client, ...frames);
    await expect(client.reply()).rejects.toThrow(complaint);
  });

  test.each<[string, ...string[]]>([
    ["frame 0 must be 'MDPC02'", '', 'MDPC02', '\x03', 's', 'x'],
    ['frame 1 must be one byte of 2, 3', 'MDPC02', '\x01', 's', 'x'],
    ['frame 1 must be one byte of 2, 3', 'MDPC02', 's', 'x'],
    ['frame 3 is missing, must be a body frame', 'MDPC02', '\x02', 's'],
  ])('RFC 18: %s', async (complaint, ...frames) => {
    const broker = await RawBroker02.listen();
    const client = new RawClient02(broker.endpoint);
    await client.request('s', 'x');
    await broker.socket.send((await broker.nextClientRequest()).client, ...frames);
    await expect(client.reply()).rejects.toThrow(complaint);
  });
});
