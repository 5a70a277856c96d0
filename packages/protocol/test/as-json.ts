import { Body, Metadata } from '../src/index';

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/**
 * A command as JSON has it: a body as the hex of its frames, metadata as the hex of its attributes, bytes as hex. To compare
 * commands by, and what the test vectors hold.
 */
export function asJson(command: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(command).map(([name, value]: [string, unknown]) => {
      if (value instanceof Body) return [name, [...value].map(hexOf)];
      if (value instanceof Metadata) return [name, hexOf(value.bytes)];
      if (value instanceof Uint8Array) return [name, hexOf(value)];
      return [name, value];
    }),
  );
}

/** The command that such JSON stands for. */
export function fromJson<Command>(json: Record<string, unknown>): Command {
  const { body, metadata, publicKey, mac, ...rest } = json;
  const bytes = (hex: unknown) => Uint8Array.from(Buffer.from(hex as string, 'hex'));
  return {
    ...(publicKey === undefined ? {} : { publicKey: bytes(publicKey), mac: bytes(mac) }),
    ...rest,
    ...(body === undefined
      ? {}
      : { body: new Body((body as string[]).map((hex) => Uint8Array.from(Buffer.from(hex, 'hex')))) }),
    ...(metadata === undefined
      ? {}
      : { metadata: new Metadata(Uint8Array.from(Buffer.from(metadata as string, 'hex'))) }),
  } as Command;
}
