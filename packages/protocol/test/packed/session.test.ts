import {
  Body,
  DEFAULT_LIMITS,
  FRAMES_MAX,
  headBytesMax,
  INTERNED_MAX,
  Metadata,
  NO_METADATA,
  packedClient,
  packedClientAtBroker,
  packedHalf,
  packedWorker,
  packedWorkerAtBroker,
  socketFrameBytesMax,
  type BodyInput,
  type ClientRequest,
  type Limits,
  type WorkerFinal,
} from '../../src/index';
import { asJson } from '../as-json';
import { frames, hex } from '../hex';
import { commandsIn, messagesOf, type Direction } from './directions';

const HEARTBEAT_P1 = '4d44504350310c0000000000';

const request = (
  id: number,
  service: string,
  body: BodyInput,
  more: Partial<ClientRequest> = {},
): ClientRequest => ({
  kind: 'request',
  id,
  service,
  body: Body.of(body),
  remainingMs: 0,
  window: 0,
  priority: 4,
  failFast: false,
  metadata: NO_METADATA,
  ...more,
});

const final = (ref: number | string, body: BodyInput): WorkerFinal => ({
  kind: 'final',
  ref,
  body: Body.of(body),
  metadata: NO_METADATA,
});

const any = (session: unknown) => session as ReturnType<Direction['from']>;

describe('a batch', () => {
  test('begins empty, holds what was added, and is empty again when it was taken', () => {
    const client = packedClient();
    expect([client.empty, client.full]).toEqual([true, false]);
    client.add({ kind: 'heartbeat' });
    expect(client.empty).toBe(false);
    expect(hex(client.take())).toBe(HEARTBEAT_P1);
    expect(client.empty).toBe(true);
    client.add({ kind: 'heartbeat' });
    expect(hex(client.take())).toBe(HEARTBEAT_P1);
  });

  test('is written behind the ones before: they do not change', () => {
    const worker = packedWorker();
    const messages = Array.from({ length: 60 }, (_, at) => {
      worker.add(final(at + 1, 'x'.repeat(at)));
      if (at % 7 === 0) worker.add(final(1_000 + at, 'y'.repeat(900)));
      const message = worker.take();
      return { message, before: hex(message) };
    });
    for (const { message, before } of messages) expect(hex(message)).toBe(before);
    expect(
      commandsIn(
        any(packedWorkerAtBroker()),
        messages.map(({ message }) => message),
      ),
    ).toHaveLength(69);
  });

  test.each([
    ['64 KiB in the first frame', 8_000, 9],
    ['1 MiB in frames apart', 64 * 1_024, 16],
    ['48 frames apart', 8_192, 48],
  ])('is full at %s', (_what, bytes, count) => {
    const worker = packedWorker();
    for (let added = 0; added < count; added++) {
      expect(worker.full).toBe(false);
      worker.add(final(added + 1, new Uint8Array(bytes)));
    }
    expect(worker.full).toBe(true);
    worker.take();
    expect(worker.full).toBe(false);
  });

  test.each<[string, Limits]>([
    ['the default limits', DEFAULT_LIMITS],
    ['small limits', { framesMax: 2_000, frameBytesMax: 100_000, messageBytesMax: 120_000 }],
    [
      'as many frames as can be',
      { framesMax: FRAMES_MAX, frameBytesMax: 10_000, messageBytesMax: 1_000_000 },
    ],
  ])('that is not yet full takes one more of the largest requests there are: %s', (_what, limits) => {
    const { framesMax, frameBytesMax } = limits;
    const messageBytesMax = Math.min(limits.messageBytesMax, 4 * 1_024 * 1_024);
    const metadata = new Metadata(
      Uint8Array.from({ length: 4_096 }, (_, at) => (at === 1 ? 0x0f : at === 2 ? 0xfd : 0)),
    );
    const name = 's'.repeat(255);
    const size = Math.min(frameBytesMax, 1_000);
    const many = Array.from({ length: framesMax }, (_, at) =>
      at * size < messageBytesMax - size ? new Uint8Array(size) : new Uint8Array(0),
    );
    for (const largest of [many, new Uint8Array(Math.min(frameBytesMax, messageBytesMax))]) {
      const client = packedClient();
      for (let id = 1; id <= 46; id++) client.add(request(id, 'e', new Uint8Array(8_192)));
      client.add(request(47, 'e', new Uint8Array(Math.min(frameBytesMax, 600_000))));
      for (let id = 48; id <= 56; id++) client.add(request(id, 'e', new Uint8Array(7_000)));
      expect(client.full).toBe(false);
      client.add(request(57, name, largest, { metadata }));
      expect(client.full).toBe(true);
      const message = client.take();
      const decoded = packedClientAtBroker().decode(message, limits);
      expect(decoded.ok ? decoded.command.length : decoded.rejection.detail).toBe(57);
      for (const frame of message) expect(frame.length).toBeLessThanOrEqual(socketFrameBytesMax(limits));
      expect(message[0]!.length).toBeLessThanOrEqual(headBytesMax(limits));
      if (!decoded.ok) return;

      // And so does the broker's, which passes the section on as it came.
      const broker = packedWorkerAtBroker();
      for (const asked of decoded.command) {
        if (asked.kind !== 'request') continue;
        const { id: ref, body, window, remainingMs, priority } = asked;
        broker.add({
          kind: 'request',
          ref,
          body,
          window,
          remainingMs,
          priority,
          attempt: 1,
          metadata: asked.metadata,
        });
      }
      const work = packedWorker().decode(broker.take(), limits);
      expect(work.ok ? work.command.length : work.rejection.detail).toBe(57);
    }
  });

  test('frames of one body beyond 64 KiB travel apart, however small', () => {
    const worker = packedWorker();
    const body = Array.from({ length: 10 }, (_, at) => new Uint8Array(8_000).fill(at));
    worker.add(final(1, body));
    const message = worker.take();
    expect(message.map(({ length }) => length)).toEqual([6 + 6 + 6 + 2 + 40 + 64_000, 8_000, 8_000]);
    const [command] = commandsIn(any(packedWorkerAtBroker()), [message]);
    expect(asJson(command!)['body']).toEqual(body.map((frame) => Buffer.from(frame).toString('hex')));
  });

  test('large frames are not copied', () => {
    const worker = packedWorker();
    const large = new Uint8Array(8_192);
    worker.add(final(1, large));
    const message = worker.take();
    expect(message[1]).toBe(large);
    const decoded = packedWorkerAtBroker().decode(message, DEFAULT_LIMITS);
    const [command] = decoded.ok ? decoded.command : [];
    expect(command?.kind === 'final' && command.body.bytes()).toBe(large);
  });

  test('text of any length and script is written in place, and leaves nothing behind it', () => {
    const worker = packedWorker();
    const texts = [
      '',
      'a',
      'x'.repeat(48),
      `${'x'.repeat(47)}ü`,
      'ü'.repeat(48),
      '🍰'.repeat(60),
      'x'.repeat(2_730),
      'y'.repeat(9_000),
    ];
    const commands = texts.flatMap((text, at) => [
      final(2 * at + 1, text),
      final(2 * at + 2, Uint8Array.of(1)),
    ]);
    const read = commandsIn(any(packedWorkerAtBroker()), messagesOf(any(worker), commands)) as WorkerFinal[];
    expect(read.filter((_, at) => at % 2 === 0).map(({ body }) => body.text())).toEqual(texts);
    expect(asJson(read[1]!)).toEqual(asJson(commands[1]!));
  });

  test('half a surrogate pair leaves as U+FFFD', () => {
    const worker = packedWorker();
    worker.add(final(1, 'a\ud800'));
    const [command] = commandsIn(any(packedWorkerAtBroker()), [worker.take()]) as WorkerFinal[];
    expect(command!.body.text()).toBe('a\ufffd');
  });
});

describe('what cannot be said', () => {
  test.each([0, FRAMES_MAX + 1])(
    'a body of %d frames is an error, and what was added before leaves all the same',
    (count) => {
      const none = new Body(Array.from({ length: count }, () => new Uint8Array(0)));
      const worker = packedWorker();
      const add = () => worker.add({ ...final(2, ''), body: none });
      expect(add).toThrow(expect.objectContaining({ code: 'STATE' }));
      expect(worker.empty).toBe(true);
      worker.add(final(1, 'good'));
      expect(add).toThrow();
      worker.add(final(3, 'also'));
      expect(commandsIn(any(packedWorkerAtBroker()), [worker.take()])).toHaveLength(2);
    },
  );

  test('the reference of a plain worker is an error', () => {
    const worker = packedWorker();
    expect(() => worker.add(final('\xc0\xde', 'x'))).toThrow(expect.objectContaining({ code: 'STATE' }));
    expect(worker.empty).toBe(true);
  });

  test('a failure that is too long is cut, between characters', () => {
    const worker = packedWorker();
    const message = `x${'ü'.repeat(3_000)}`;
    worker.add({ kind: 'failure', ref: 1, code: 'A'.repeat(70), message, retryable: false });
    const [failure] = commandsIn(any(packedWorkerAtBroker()), [worker.take()]);
    expect(failure).toMatchObject({ code: 'A'.repeat(64), message: `x${'ü'.repeat(2_047)}` });
  });
});

describe('numbers of services', () => {
  const welcome = (internedMax: number) =>
    ({
      kind: 'welcome',
      revision: 1,
      heartbeatMs: 1,
      capabilities: 0,
      metadata: NO_METADATA,
      internedMax,
      framesMax: 1,
      frameBytesMax: 1,
      messageBytesMax: 1,
    }) as const;

  test('are given once a session, before the first use', () => {
    const client = packedClient();
    const broker = packedClientAtBroker();
    client.add(request(1, 'echo', ''));
    const first = client.take();
    client.add(request(2, 'echo', ''));
    const second = client.take();
    expect(first[0]!.length - second[0]!.length).toBe(6 + 4 + 'echo'.length);
    expect(commandsIn(any(broker), [first, second])).toMatchObject([
      { id: 1, service: 'echo' },
      { id: 2, service: 'echo' },
    ]);
    expect(packedClientAtBroker().decode(second, DEFAULT_LIMITS)).toMatchObject({
      rejection: { reason: 'bad_service_number' },
    });
  });

  test('are not more than the broker keeps, as its WELCOME says; beyond them services are named', () => {
    const client = packedClient();
    const broker = packedClientAtBroker();
    broker.add(welcome(2));
    client.decode(broker.take(), DEFAULT_LIMITS);
    const services = ['a', 'b', 'c', 'a', 'c'];
    const messages = messagesOf(
      any(client),
      services.map((service, at) => request(at + 1, service, '')),
    );
    expect(
      Buffer.from(messages[0]![0]!).filter(
        (byte, at, bytes) => at >= 6 && byte === 4 && bytes[at + 1] === 0 && bytes[at + 5] === 5,
      ),
    ).toHaveLength(2);
    expect(commandsIn(any(broker), messages)).toMatchObject(services.map((service) => ({ service })));
  });

  test('are refused beyond what the WELCOME of the broker said', () => {
    const broker = packedClientAtBroker();
    broker.add(welcome(1));
    broker.take();
    const first = frames('4d4450435031' + '040000000006' + '00000001' + '6161');
    const second = frames('4d4450435031' + '040000000006' + '00000002' + '6161');
    expect(broker.decode(first, DEFAULT_LIMITS)).toMatchObject({ ok: true });
    expect(broker.decode(second, DEFAULT_LIMITS)).toMatchObject({
      rejection: { reason: 'bad_service_number' },
    });
  });

  test('are forgotten beyond that where they came before it', () => {
    const broker = packedClientAtBroker();
    const header = '4d4450435031';
    const [first, second] = ['040000000006' + '00000001' + '6161', '040000000006' + '00000002' + '6262'];
    const asks = (number: number) =>
      `05000000001c00000001${number.toString(16).padStart(8, '0')}${'00'.repeat(14)}000100000000`;
    expect(broker.decode(frames(header + first + second + asks(2)), DEFAULT_LIMITS)).toMatchObject({
      ok: true,
    });
    broker.add(welcome(1));
    broker.take();
    expect(broker.decode(frames(header + asks(1)), DEFAULT_LIMITS)).toMatchObject({ ok: true });
    expect(broker.decode(frames(header + asks(2)), DEFAULT_LIMITS)).toMatchObject({
      rejection: { reason: 'bad_service_number' },
    });
  });

  test('are never more than 8,192', () => {
    const client = packedClient();
    const broker = packedClientAtBroker();
    broker.add(welcome(1_000_000));
    client.decode(broker.take(), DEFAULT_LIMITS);
    const requests = Array.from({ length: INTERNED_MAX + 2 }, (_, at) =>
      request(at + 1, `service ${at}`, ''),
    );
    const messages = messagesOf(any(client), requests);
    const read = commandsIn(any(broker), messages) as ClientRequest[];
    expect(read.map(({ service }) => service)).toEqual(requests.map(({ service }) => service));
    // The next number in order, and still refused.
    const beyond = broker.decode(
      frames('4d4450435031' + '040000000006' + '00002001' + '6161'),
      DEFAULT_LIMITS,
    );
    expect(beyond).toMatchObject({ rejection: { reason: 'bad_service_number' } });
  });
});

describe('what came off a socket', () => {
  test('metadata does not keep the message alive that it came in, Node buffers included', () => {
    const client = packedClient();
    client.add(request(1, 'echo', 'x', { metadata: Metadata.of({ contentType: 'text/plain' }) }));
    const message = client.take().map((frame) => Buffer.from(frame));
    const decoded = packedClientAtBroker().decode(message, DEFAULT_LIMITS);
    const [command] = decoded.ok ? decoded.command : [];
    if (command?.kind !== 'request') throw new Error('no request');
    expect(command.metadata.contentType).toBe('text/plain');
    expect(command.metadata.bytes.buffer).not.toBe(message[0]!.buffer);
    expect(command.metadata.bytes.buffer.byteLength).toBe(command.metadata.bytes.length);
  });

  test.each([
    [HEARTBEAT_P1, 'client'],
    [`- ${HEARTBEAT_P1}`, 'client'],
    ['4d4450575031', 'worker'],
    ['- 4d4450575031ff', 'worker'],
    ['- - 4d4450575031', undefined],
    ['4d44504350', undefined],
    ['4d4450435032', undefined],
    ['4d4450585031', undefined],
    ['4d4450433031 4d4450435031', undefined],
    ['-', undefined],
  ])('a broker knows %s by its header: %s', (wire, half) => {
    expect(packedHalf(frames(wire))).toBe(half);
  });
});
