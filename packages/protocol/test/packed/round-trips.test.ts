import { decodePacked } from '@majordomo/testkit';
import * as fc from 'fast-check';
import type { Frame } from '../../src/index';
import { asJson } from '../as-json';
import { COMMANDS } from './arbitraries';
import { commandsIn, DIRECTION_NAMES, DIRECTIONS, messagesOf } from './directions';

/** What comes off a socket: Node buffers, here in the middle of larger memory. */
const overTheWire = (messages: readonly (readonly Frame[])[]): Buffer[][] =>
  messages.map((frames) =>
    frames.map((frame) =>
      Buffer.concat([Buffer.of(1, 2, 3), frame, Buffer.of(4)]).subarray(3, 3 + frame.length),
    ),
  );

describe.each(DIRECTION_NAMES)('%s', (direction) => {
  const { from, to, schema } = DIRECTIONS[direction];
  const batch = fc.array(COMMANDS[direction], { minLength: 1, maxLength: 8 });

  test('decode(encode(x)) = x for batches of every command, message after message of a session', () => {
    fc.assert(
      fc.property(fc.array(batch, { minLength: 1, maxLength: 3 }), (batches) => {
        const [sender, receiver, relay, last] = [from(), to(), from(), to()];
        for (const commands of batches) {
          const decoded = commandsIn(receiver, overTheWire(messagesOf(sender, commands)));
          expect(decoded.map(asJson)).toEqual(commands.map(asJson));
        }
        // What was decoded is said once more, bodies and attributes as they came.
        for (const commands of batches) {
          const decoded = commandsIn(to(), messagesOf(from(), commands));
          const relayed = commandsIn(last, overTheWire(messagesOf(relay, decoded)));
          expect(relayed.map(asJson)).toEqual(commands.map(asJson));
        }
      }),
      { numRuns: 120, seed: 1 },
    );
  });

  test('what is decoded is what its schema gives', () => {
    fc.assert(
      fc.property(batch, (commands) => {
        for (const command of commandsIn(to(), messagesOf(from(), commands))) {
          const given = schema.parse(command) as object;
          expect(asJson(given)).toEqual(asJson(command));
          expect(Object.keys(given).sort()).toEqual(Object.keys(command).sort());
        }
      }),
      { numRuns: 100, seed: 2 },
    );
  });

  test('a codec written from the specification alone reads the same', () => {
    const bodiesOf = (commands: readonly object[]) =>
      commands.map((command) => asJson(command)['body'] ?? []);
    fc.assert(
      fc.property(batch, (commands) => {
        const services = [''];
        const read = overTheWire(messagesOf(from(), commands))
          .flatMap((frames) => decodePacked(direction, frames, services))
          .filter(({ kind }) => kind !== 'service');
        expect(read.map(({ kind }) => kind)).toEqual(commands.map((command) => asJson(command)['kind']));
        const hex = read.map((command) =>
          'body' in command ? command.body.map((frame) => frame.toString('hex')) : [],
        );
        expect(hex).toEqual(bodiesOf(commands));
      }),
      { numRuns: 100, seed: 3 },
    );
  });
});
