import { decodePacked, encodePacked, PackedFault, type PackedCommand } from '@majordomo/testkit';
import {
  DEFAULT_LIMITS,
  NO_METADATA,
  opening,
  packedHalf,
  REJECTION_REASONS,
  type Frame,
  type PackedSession,
} from '../../src/index';
import { asJson, fromJson } from '../as-json';
import { DIRECTION_NAMES, DIRECTIONS } from './directions';
import { framesOf, VECTORS, withoutOpening, type Vector } from './vectors';

const hexOf = (frames: readonly Frame[]): string[] =>
  frames.map((frame) => Buffer.from(frame).toString('hex'));
const good = VECTORS.filter(({ commands }) => commands !== undefined);
const hostile = VECTORS.filter(({ rejection }) => rejection !== undefined);
const canonical = good.filter(({ decodeOnly }) => !decodeOnly);
const named = (vectors: readonly Vector[]) =>
  vectors.map((vector) => [`${vector.direction}: ${vector.name}`, vector] as const);

/** A receiver to whom all has been said that the vector says came before. */
function receiver({ direction, before = [] }: Vector): PackedSession<object, object> {
  const session = DIRECTIONS[direction].to();
  for (const message of before) {
    const decoded = session.decode(framesOf(message), DEFAULT_LIMITS);
    expect(decoded.ok).toBe(true);
  }
  return session;
}

/** A sender who has said and heard all that the vector says came before. */
function sender({ direction, before = [], internedMax }: Vector): PackedSession<object, object> {
  const session = DIRECTIONS[direction].from();
  if (internedMax !== undefined) {
    const broker = DIRECTIONS['broker-to-client'].from();
    const { framesMax, frameBytesMax, messageBytesMax } = DEFAULT_LIMITS;
    const bounds = { internedMax, framesMax, frameBytesMax, messageBytesMax };
    const said = { revision: 1, heartbeatMs: 1, capabilities: 0, metadata: NO_METADATA };
    broker.add({ kind: 'welcome', ...said, ...bounds });
    expect(session.decode(broker.take(), DEFAULT_LIMITS).ok).toBe(true);
  }
  for (const message of before) {
    const decoded = DIRECTIONS[direction].to().decode(framesOf(message), DEFAULT_LIMITS);
    if (decoded.ok) for (const command of decoded.command) session.add(command);
    expect(hexOf(session.take())).toEqual(message);
  }
  return session;
}

/** What the testkit's decoder says, in the words of our commands. */
function inOurWords(
  command: PackedCommand,
  direction: Vector['direction'],
): Record<string, unknown> | undefined {
  if (command.kind === 'service') return undefined;
  const ofWorkers = direction.includes('worker');
  const json: Record<string, unknown> = { ...command };
  if (command.kind === 'proof') {
    json['publicKey'] = command.publicKey.toString('hex');
    json['mac'] = command.mac.toString('hex');
  }
  if ('metadata' in command) json['metadata'] = command.metadata.toString('hex');
  if ('body' in command) json['body'] = hexOf(command.body);
  if (ofWorkers && 'id' in command) json['ref'] = command.id;
  if (direction === 'broker-to-client' && 'id' in command) json['service'] = '';
  if (direction === 'broker-to-client' && command.kind === 'failure') {
    json['origin'] = command.ofWorker ? 'worker' : 'broker';
  }
  const unsaid = ['number', 'ofWorker', ...(ofWorkers ? ['id', 'failFast'] : ['attempt'])];
  if (direction === 'broker-to-worker') unsaid.push('service');
  return Object.fromEntries(Object.entries(json).filter(([name]) => !unsaid.includes(name)));
}

test('there is a vector of every kind that each direction can say, and of every rejection of this dialect', () => {
  for (const direction of DIRECTION_NAMES) {
    const said = new Set(
      canonical
        .filter((vector) => vector.direction === direction)
        .flatMap(({ commands }) => commands!.map(({ kind }) => kind)),
    );
    const { options } = DIRECTIONS[direction].schema as unknown as {
      options: { shape: { kind: { value: string } } }[];
    };
    expect([...said].sort()).toEqual(options.map(({ shape }) => shape.kind.value).sort());
  }
  const plainOnly = [
    'zproto_dialect',
    'missing_delimiter',
    'unexpected_delimiter',
    'bad_address',
    'no_envelope_end',
  ];
  const shown = new Set([...plainOnly, 'empty_message', ...hostile.map(({ rejection }) => rejection)]);
  expect([...shown].sort()).toEqual([...REJECTION_REASONS].sort());
  expect(new Set(VECTORS.map(({ direction, name }) => `${direction} ${name}`)).size).toBe(VECTORS.length);
});

test.each(VECTORS.filter(({ layout }) => layout).map((vector) => [vector.name, vector] as const))(
  'the layout of "%s" is its frames, in fields',
  (_name, { layout, frames }) => {
    expect(layout!.map((fields) => fields.replaceAll(' ', ''))).toEqual(frames);
  },
);

test.each(named(good))('decodes to its commands: %s', (_name, vector) => {
  const frames = framesOf(vector.frames);
  expect(packedHalf(frames)).toBe(vector.direction.includes('client') ? 'client' : 'worker');
  const decoded = receiver(vector).decode(withoutOpening(frames), DEFAULT_LIMITS);
  expect(decoded).toMatchObject({ ok: true });
  if (!decoded.ok) return;
  expect(decoded.command.map(asJson)).toEqual(vector.commands);
  for (const command of decoded.command) DIRECTIONS[vector.direction].schema.parse(command);
});

test.each(named(canonical))('is what its commands encode to: %s', (_name, vector) => {
  const session = sender(vector);
  for (const command of vector.commands!) session.add(fromJson<object>(command));
  const message = session.take();
  const opens = ['hello', 'ready'].includes(String(vector.commands![0]?.['kind']));
  expect(hexOf(opens ? opening(message) : message)).toEqual(vector.frames);
});

test.each(named(hostile))('is refused: %s', (_name, vector) => {
  const decoded = receiver(vector).decode(withoutOpening(framesOf(vector.frames)), DEFAULT_LIMITS);
  expect(decoded.ok ? 'ok' : decoded.rejection.reason).toBe(vector.rejection);
  if (!decoded.ok) expect(decoded.rejection.detail).toMatch(/^[\x20-\x7e]{1,120}$/);
});

test.each(named(VECTORS))('a codec written from the specification alone agrees: %s', (_name, vector) => {
  const services = [''];
  for (const message of vector.before ?? []) decodePacked(vector.direction, framesOf(message), services);
  const frames = [...withoutOpening(framesOf(vector.frames))];
  if (vector.rejection) {
    expect(() => decodePacked(vector.direction, frames, services)).toThrow(
      expect.objectContaining({ constructor: PackedFault, reason: vector.rejection }),
    );
    return;
  }
  const commands = decodePacked(vector.direction, frames, services);
  const ours = commands.map((command) => inOurWords(command, vector.direction)).filter((json) => json);
  expect(ours).toEqual(vector.commands);
  if (!vector.decodeOnly) expect(hexOf(encodePacked(vector.direction, commands))).toEqual(hexOf(frames));
});
