import type { z } from 'zod';
import {
  brokerToClientSchema,
  brokerToWorkerSchema,
  clientToBrokerSchema,
  DEFAULT_LIMITS,
  packedClient,
  packedClientAtBroker,
  packedWorker,
  packedWorkerAtBroker,
  workerToBrokerSchema,
  type Frame,
  type PackedSession,
} from '../../src/index';

/** One way of talk in MDP/P1: who encodes, who decodes, and what may come out. */
export interface Direction {
  /** A sender in a session of its own. */
  from(): PackedSession<object, object>;
  /** A receiver in a session of its own. */
  to(): PackedSession<object, object>;
  readonly schema: z.ZodType;
}

const side = (make: () => unknown) => make as () => PackedSession<object, object>;

export const DIRECTIONS = {
  'client-to-broker': {
    from: side(packedClient),
    to: side(packedClientAtBroker),
    schema: clientToBrokerSchema,
  },
  'broker-to-client': {
    from: side(packedClientAtBroker),
    to: side(packedClient),
    schema: brokerToClientSchema,
  },
  'worker-to-broker': {
    from: side(packedWorker),
    to: side(packedWorkerAtBroker),
    schema: workerToBrokerSchema,
  },
  'broker-to-worker': {
    from: side(packedWorkerAtBroker),
    to: side(packedWorker),
    schema: brokerToWorkerSchema,
  },
} as const satisfies Record<string, Direction>;

export type DirectionName = keyof typeof DIRECTIONS;

export const DIRECTION_NAMES = Object.keys(DIRECTIONS) as DirectionName[];

/** The messages of these commands, as a peer sends them: one, and more where it would be too large. */
export function messagesOf(sender: PackedSession<object, object>, commands: readonly object[]): Frame[][] {
  const messages: Frame[][] = [];
  for (const command of commands) {
    sender.add(command);
    if (sender.full) messages.push(sender.take());
  }
  if (!sender.empty) messages.push(sender.take());
  return messages;
}

/** The commands in these messages. */
export function commandsIn(
  receiver: PackedSession<object, object>,
  messages: readonly (readonly Frame[])[],
): object[] {
  return messages.flatMap((frames) => {
    const decoded = receiver.decode(frames, DEFAULT_LIMITS);
    if (!decoded.ok) throw new Error(`${decoded.rejection.reason}: ${decoded.rejection.detail}`);
    return decoded.command;
  });
}
