import type { Protocol } from './channels';
import type { Command } from './commands';
import { Finding } from './finding';
import { bytesIn, type Frames } from './message';

/*
 * What a command must be whatever it was read from: it can be read through, and holds no more than was sent.
 */

/** The smallest record has so many bytes, and so has the smallest entry of a body's table. */
const RECORD_BYTES_MIN = 6;
const ENTRY_BYTES = 4;
/** A message of a plain dialect is one command. */
const PLAIN_COMMANDS_MAX = 1;

type WithBody = Extract<Command, { readonly body: unknown }>;
const hasBody = (command: Command): command is WithBody => 'body' in command;

/** Names of services and client addresses have so many bytes at the most, and names are printable. */
const NAME_BYTES_MAX = 255;
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

function holdNames(command: Command, index: number): void {
  if ('service' in command) {
    const { service } = command;
    if (Buffer.byteLength(service) > NAME_BYTES_MAX || UNPRINTABLE.test(service)) {
      throw new Finding('bad_result', `the service ${JSON.stringify(service)}`, index);
    }
  }
  if ('ref' in command && typeof command.ref === 'string' && command.ref.length > NAME_BYTES_MAX) {
    throw new Finding('bad_result', `an address of ${command.ref.length} bytes`, index);
  }
}

/** Reads a body as handlers and callers do. */
function readBody({ body }: WithBody, index: number): void {
  const { length, byteLength } = body;
  const frames = [...body];
  if (length < 1 || frames.length !== length) {
    throw new Finding('bad_result', `a body of ${length} frames has ${frames.length}`, index);
  }
  if (bytesIn(frames) !== byteLength) {
    throw new Finding('bad_result', `a body of ${byteLength} bytes has ${bytesIn(frames)}`, index);
  }
  body.text(length - 1);
  body.detach();
}

/** Reads a body as what it may not be: the only thing that may be thrown is an InvalidBodyError. */
function misread(protocol: Protocol, { body }: WithBody): void {
  const { length } = body;
  for (const read of [() => body.json(length - 1), () => body.bytes(length), () => body.text(length)]) {
    try {
      const value: unknown = read();
      protocol.mmiBrokerSchema.safeParse(value);
      protocol.mmiServiceSchema.safeParse(value);
      protocol.mmiWorkerSchema.safeParse(value);
    } catch (error) {
      if (!protocol.isMajordomoError(error, 'INVALID_BODY')) throw error;
    }
  }
}

/**
 * Reads all that can be read of the commands of one message, and adds up what they hold beside the message itself.
 * @param asAnything - to read bodies as JSON, which most are not, and beyond their ends
 * @throws Finding where they hold more than was sent; whatever reading threw
 */
export function inspect(
  protocol: Protocol,
  commands: readonly Command[],
  message: Frames,
  index: number,
  asAnything: boolean,
): void {
  const sent = bytesIn(message);
  const head = message[0]?.length ?? 0;
  const most = Math.max(PLAIN_COMMANDS_MAX, Math.floor(head / RECORD_BYTES_MIN));
  if (commands.length > most) {
    throw new Finding('memory', `${commands.length} commands in ${head} bytes`, index);
  }
  const theirs = new Set<ArrayBufferLike>(message.map(({ buffer }) => buffer));
  const own = new Set<ArrayBufferLike>();
  let frames = 0;
  for (const command of commands) {
    holdNames(command, index);
    if ('metadata' in command) {
      const { metadata } = command;
      void [metadata.contentType, metadata.traceparent];
      own.add(metadata.bytes.buffer);
    }
    if (!hasBody(command)) continue;
    readBody(command, index);
    if (asAnything) misread(protocol, command);
    frames += command.body.length;
    for (const { buffer } of command.body.frames) own.add(buffer);
  }
  let kept = 0;
  for (const buffer of own) if (!theirs.has(buffer)) kept += buffer.byteLength;
  if (kept > sent) throw new Finding('memory', `${kept} bytes kept of a message of ${sent}`, index);
  const framesMax = message.length + head / ENTRY_BYTES;
  if (frames > framesMax) throw new Finding('memory', `${frames} frames of at most ${framesMax}`, index);
}
