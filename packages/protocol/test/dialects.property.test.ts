import * as fc from 'fast-check';
import {
  brokerToClientSchema,
  brokerToWorkerSchema,
  clientToBrokerSchema,
  decodeAtBroker,
  mdp01,
  mdp02,
  mdp02OverReq,
  REJECTION_REASONS,
  workerToBrokerSchema,
  type Channel,
  type PlainDialect,
} from '../src/index';
import * as arbitrary from './arbitraries';
import { asJson } from './as-json';

const dialects: [string, PlainDialect][] = [
  ['mdp/0.1', mdp01],
  ['mdp/0.2', mdp02],
  ['mdp/0.2 over REQ', mdp02OverReq],
];

function roundTrips<Command extends object>(
  channel: Channel<Command>,
  commands: fc.Arbitrary<Command>,
): void {
  let said = 0;
  fc.assert(
    fc.property(commands, (command) => {
      const frames = channel.encode(command);
      if (!frames) return;
      said++;
      const decoded = channel.decode(frames);
      expect(decoded.ok && asJson(decoded.command)).toEqual(asJson(command));
    }),
    { numRuns: 300 },
  );
  expect(said).toBeGreaterThan(30);
}

function neverThrows<Command>(channel: Channel<Command>, schema: { parse(value: unknown): unknown }): void {
  fc.assert(
    fc.property(fc.array(arbitrary.foreignFrame, { maxLength: 8 }), (frames) => {
      const decoded = channel.decode(frames);
      if (decoded.ok) schema.parse(decoded.command);
      else expect(REJECTION_REASONS).toContain(decoded.rejection.reason);
    }),
    { numRuns: 1_000 },
  );
}

describe.each(dialects)('%s', (_name, dialect) => {
  test('decode(encode(x)) = x for every command that it can say', () => {
    roundTrips(dialect.clientToBroker, arbitrary.clientToBroker);
    roundTrips(dialect.brokerToClient, arbitrary.brokerToClient);
    roundTrips(dialect.workerToBroker, arbitrary.workerToBroker);
    roundTrips(dialect.brokerToWorker, arbitrary.brokerToWorker);
  });

  test('decoding arbitrary frames never throws, and what decodes fits its schema', () => {
    neverThrows(dialect.clientToBroker, clientToBrokerSchema);
    neverThrows(dialect.brokerToClient, brokerToClientSchema);
    neverThrows(dialect.workerToBroker, workerToBrokerSchema);
    neverThrows(dialect.brokerToWorker, brokerToWorkerSchema);
  });

  test('a message cut short anywhere, or with a byte flipped, never throws', () => {
    fc.assert(
      fc.property(
        arbitrary.workerToBroker,
        fc.nat(),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (command, cut, at, flip) => {
          const frames = (dialect.workerToBroker.encode(command) ?? []).map((frame) =>
            Uint8Array.from(frame),
          );
          const victim = frames[cut % Math.max(frames.length, 1)];
          if (victim && victim.length > 0) victim[at % victim.length]! ^= flip;
          dialect.workerToBroker.decode(frames);
          dialect.workerToBroker.decode(frames.slice(0, cut % (frames.length + 1)));
        },
      ),
    );
  });
});

test('the broker tells every dialect and half apart by the message alone', () => {
  fc.assert(
    fc.property(fc.constantFrom(...dialects), arbitrary.clientToBroker, ([, dialect], command) => {
      const decoded = decodeAtBroker(dialect.clientToBroker.encode(command) ?? []);
      expect(decoded).toMatchObject({ ok: true, command: { half: 'client', dialect } });
      expect(decoded.ok && asJson(decoded.command.command)).toEqual(asJson(command));
    }),
  );
  fc.assert(
    fc.property(fc.constantFrom(mdp01, mdp02), arbitrary.workerToBroker, (dialect, command) => {
      const frames = dialect.workerToBroker.encode(command);
      fc.pre(frames !== undefined);
      const decoded = decodeAtBroker(frames);
      expect(decoded).toMatchObject({ ok: true, command: { half: 'worker', dialect } });
      expect(decoded.ok && asJson(decoded.command.command)).toEqual(asJson(command));
    }),
  );
});

test('the broker takes arbitrary frames without throwing', () => {
  fc.assert(
    fc.property(fc.array(arbitrary.foreignFrame, { maxLength: 8 }), (frames) => {
      const decoded = decodeAtBroker(frames);
      if (!decoded.ok) expect(decoded.rejection.detail.length).toBeGreaterThan(0);
    }),
    { numRuns: 5_000 },
  );
});
