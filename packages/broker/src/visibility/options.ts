import { z } from 'zod';

const PORT_MAX = 65_535;

function isAddress(text: string): boolean {
  const port = /^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+):(\d{1,5})$/.exec(text)?.[1];
  return port !== undefined && Number(port) <= PORT_MAX;
}

/** Where to serve HTTP. */
export const httpAddressSchema = z
  .string()
  .refine(isAddress, 'should be HOST:PORT, an IPv6 address in brackets');

/** A bearer token (RFC 6750). */
export const httpTokenSchema = z
  .string()
  .regex(/^[\x21-\x7e]{16,4096}$/, 'should be 16 to 4,096 printable characters of ASCII without spaces');
