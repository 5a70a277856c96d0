import { z } from 'zod';
import { InvalidServiceError } from './errors';
import { encodeText } from './frame';
import { SERVICE_BYTES_MAX } from './limits';

/** Control and format characters and line breaks: invisible, or a way to forge a line in a log. */
const NOT_PRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

const PRINTABLE_ASCII = /^[\x20-\x7e]+$/;

/** True for 1–255 bytes of printable UTF-8 (RFC 7: "printable string"; the length is our bound). */
export function isServiceName(name: string): boolean {
  if (typeof name !== 'string' || name.length === 0 || name.length > SERVICE_BYTES_MAX) return false;
  if (PRINTABLE_ASCII.test(name)) return true;
  return !NOT_PRINTABLE.test(name) && encodeText(name).length <= SERVICE_BYTES_MAX;
}

/** A service name as it may stand on the wire. */
export const serviceNameSchema = z
  .string()
  .refine(isServiceName, `a service name is 1 to ${SERVICE_BYTES_MAX} bytes of printable UTF-8`);

/**
 * Returns the name where it is valid.
 * @throws InvalidServiceError where it is not
 */
export function requireServiceName(name: string): string {
  if (isServiceName(name)) return name;
  const shown = typeof name === 'string' ? JSON.stringify(name.slice(0, 80)) : typeof name;
  throw new InvalidServiceError(
    `A service name is 1 to ${SERVICE_BYTES_MAX} bytes of printable UTF-8, got ${shown}.`,
  );
}
