import type { Decoded, FromPeer, Limits } from '@majordomo/protocol';
import type { z } from 'zod';
import { packedChannels, plainChannel, type PackedChannel, type Protocol } from './channels';
import type { Command } from './commands';
import { DIRECTIONS, type Direction, type Frames, type Tongue } from './message';

/** A decoder without memory, and the encoder that goes with it. */
export interface PlainDecoder {
  readonly name: string;
  readonly schema: z.ZodType;
  decode(frames: Frames, limits: Limits): Decoded<Command>;
  /** What the encoder of the same channel makes of a command: exactly the frames that it was read from. */
  encode(command: Command): Uint8Array[] | undefined;
}

const PLAIN_TONGUES = ['mdp/0.1', 'mdp/0.2', 'req'] as const satisfies readonly Tongue[];

/** A broker's only decoder of plain messages: the dialect and the half are found out by it. */
function atBroker(protocol: Protocol, half: FromPeer['half']): PlainDecoder {
  const schema = half === 'client' ? protocol.clientToBrokerSchema : protocol.workerToBrokerSchema;
  let last: FromPeer | undefined;
  return {
    name: `decodeAtBroker, ${half}`,
    schema,
    decode(frames, limits) {
      const decoded = protocol.decodeAtBroker(frames, limits);
      if (!decoded.ok) return decoded;
      last = decoded.command;
      if (last.half === half) return { ok: true, command: last.command };
      return { ok: false, rejection: { reason: 'unknown_header', detail: 'of the other half' } };
    },
    encode(command) {
      if (!last) return undefined;
      const { clientToBroker, workerToBroker } = last.dialect;
      return last.half === 'client'
        ? clientToBroker.encode(command as Parameters<typeof clientToBroker.encode>[0])
        : workerToBroker.encode(command as Parameters<typeof workerToBroker.encode>[0]);
    },
  };
}

/** Every decoder there is, of one version of the codec. */
export class Decoders {
  readonly packed: Readonly<Record<Direction, PackedChannel>>;
  readonly plain: readonly PlainDecoder[];
  readonly #clientAtBroker: PlainDecoder;
  readonly #workerAtBroker: PlainDecoder;
  readonly #byTongue = new Map<string, PlainDecoder>();

  constructor(readonly protocol: Protocol) {
    this.packed = packedChannels(protocol);
    for (const direction of DIRECTIONS) {
      for (const tongue of PLAIN_TONGUES) {
        const channel = plainChannel(protocol, tongue, direction);
        this.#byTongue.set(`${tongue} ${direction}`, {
          name: `${tongue} ${direction}`,
          schema: this.packed[direction].schema,
          decode: (frames, limits) => channel.decode(frames, limits),
          encode: (command) => channel.encode(command),
        });
      }
    }
    this.#clientAtBroker = atBroker(protocol, 'client');
    this.#workerAtBroker = atBroker(protocol, 'worker');
    this.plain = [...this.#byTongue.values(), this.#clientAtBroker, this.#workerAtBroker];
  }

  /** A broker's decoder of plain messages of one half. */
  atBroker(half: FromPeer['half']): PlainDecoder {
    return half === 'client' ? this.#clientAtBroker : this.#workerAtBroker;
  }

  /** The decoder of a plain dialect in one direction. */
  plainOf(tongue: Exclude<Tongue, 'packed'>, direction: Direction): PlainDecoder {
    return this.#byTongue.get(`${tongue} ${direction}`)!;
  }
}
