import type { Frame } from '@majordomo/protocol';
import { Packr } from 'msgpackr';
import { guardMessagePack } from './msgpack-guard';
import { Unfit } from './unfit';

/** What the types of msgpackr do not tell: keys whose value is one of these are left out, as in JSON. */
const options: ConstructorParameters<typeof Packr>[0] & { readonly skipValues: readonly unknown[] } = {
  useRecords: false,
  mapsAsObjects: true,
  variableMapSize: true,
  int64AsType: 'auto' as 'number',
  copyBuffers: true,
  skipValues: [undefined],
};

const packr = new Packr(options);

/** A small number of 0 to 127, which is one byte of ASCII, is told as one of eight bits: JSON begins with such a byte. */
const UINT8 = 0xcc;

/**
 * A value as MessagePack: what JSON can say, and bytes, dates and integers of 64 bits.
 * @throws Unfit where there is no form for it that {@link readMessagePack} takes
 */
export function writeMessagePack(value: unknown): Frame {
  let packed: Uint8Array;
  try {
    packed = packr.pack(value);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw Unfit.because(`it cannot be written as MessagePack: ${reason}`, { cause });
  }
  guardMessagePack(packed);
  return packed[0]! < 0x80 ? Uint8Array.of(UINT8, packed[0]!) : packed;
}

/**
 * The value in a frame of MessagePack. Integers beyond 53 bits are of type bigint.
 * @throws Unfit where it is none, or has what is not taken
 */
export function readMessagePack(frame: Frame): unknown {
  guardMessagePack(frame);
  try {
    return packr.unpack(frame);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw Unfit.because(`it is not MessagePack: ${reason}`, { cause });
  }
}
