import type * as real from '@majordomo/protocol';
import type { z } from 'zod';
import type { Command } from './commands';
import type { Direction, Tongue } from './message';

/** The codec that is tried: the package's exports, or those of a version with a bug planted in it. */
export type Protocol = typeof real;

/** One packed session, whichever its direction. */
export type Session = real.PackedSession<Command, Command>;

/** Who encodes in a direction, who decodes, and what may come out. */
export interface PackedChannel {
  from(): Session;
  to(): Session;
  readonly schema: z.ZodType;
}

const half = (make: () => unknown): (() => Session) => make as () => Session;

/** The packed sessions of each direction. */
export function packedChannels(protocol: Protocol): Readonly<Record<Direction, PackedChannel>> {
  const { packedClient, packedClientAtBroker, packedWorker, packedWorkerAtBroker } = protocol;
  return {
    'client-to-broker': {
      from: half(packedClient),
      to: half(packedClientAtBroker),
      schema: protocol.clientToBrokerSchema,
    },
    'broker-to-client': {
      from: half(packedClientAtBroker),
      to: half(packedClient),
      schema: protocol.brokerToClientSchema,
    },
    'worker-to-broker': {
      from: half(packedWorker),
      to: half(packedWorkerAtBroker),
      schema: protocol.workerToBrokerSchema,
    },
    'broker-to-worker': {
      from: half(packedWorkerAtBroker),
      to: half(packedWorker),
      schema: protocol.brokerToWorkerSchema,
    },
  };
}

const CHANNEL_OF = {
  'client-to-broker': 'clientToBroker',
  'broker-to-client': 'brokerToClient',
  'worker-to-broker': 'workerToBroker',
  'broker-to-worker': 'brokerToWorker',
} as const satisfies Record<Direction, keyof real.PlainDialect>;

/** The channel of a plain dialect in one direction. */
export function plainChannel(
  protocol: Protocol,
  tongue: Exclude<Tongue, 'packed'>,
  direction: Direction,
): real.Channel<Command> {
  const dialect = { 'mdp/0.1': protocol.mdp01, 'mdp/0.2': protocol.mdp02, req: protocol.mdp02OverReq }[
    tongue
  ];
  const channel: unknown = dialect[CHANNEL_OF[direction]];
  return channel as real.Channel<Command>;
}
