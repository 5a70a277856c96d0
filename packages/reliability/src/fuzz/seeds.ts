import * as protocol from '@majordomo/protocol';
import { packedChannels, plainChannel, type Session } from './channels';
import { commandOf } from './commands';
import { DIRECTIONS, type Direction, type Frames, type Tongue } from './message';
import type { Rng } from './rng';

/** A message as a well-behaved peer sends it. */
export interface Seed {
  readonly direction: Direction;
  readonly tongue: Tongue;
  readonly frames: Frames;
}

const channels = packedChannels(protocol);

/** Commands in one packed message at the most. */
const COMMANDS_MAX = 5;

const asBuffers = (frames: readonly Uint8Array[]): Frames =>
  frames.map((frame) => Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength));

/** The next message of a packed session. */
export function packedMessage(rng: Rng, direction: Direction, sender: Session): Frames {
  for (let commands = rng.few(COMMANDS_MAX); commands > 0; commands--) {
    sender.add(commandOf(rng, direction, true));
  }
  return asBuffers(sender.take());
}

/** A sender in a session of its own. */
export function newSender(direction: Direction): Session {
  return channels[direction].from();
}

/** A message of a plain dialect; a command that it has no words for is another one. */
export function plainMessage(rng: Rng, direction: Direction, tongue: Exclude<Tongue, 'packed'>): Frames {
  const channel = plainChannel(protocol, tongue, direction);
  for (;;) {
    const frames = channel.encode(commandOf(rng, direction, false));
    if (frames) return asBuffers(frames);
  }
}

/** A message of any direction and dialect, the first of its session. */
export function seedOf(rng: Rng): Seed {
  const direction = rng.pick(DIRECTIONS);
  const tongue = rng.oneIn(2) ? 'packed' : rng.pick(['mdp/0.1', 'mdp/0.2', 'req'] as const);
  const frames =
    tongue === 'packed'
      ? packedMessage(rng, direction, newSender(direction))
      : plainMessage(rng, direction, tongue);
  return { direction, tongue, frames };
}

/** The message by which a client or worker begins: HELLO or READY, packed behind an empty frame. */
export function openingOf(rng: Rng, direction: Direction, tongue: Tongue): Frames {
  const wanted = direction === 'client-to-broker' ? 'hello' : 'ready';
  for (;;) {
    const command = commandOf(rng, direction, tongue === 'packed');
    if (command.kind !== wanted) continue;
    if (tongue !== 'packed') {
      const frames = plainChannel(protocol, tongue, direction).encode(command);
      if (frames) return asBuffers(frames);
    }
    const sender = newSender(direction);
    sender.add(command);
    return asBuffers(protocol.opening(sender.take()));
  }
}
