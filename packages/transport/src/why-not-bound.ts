import { codeOf } from './socket-error';

export const IN_USE = 'the address is already in use';
export const NO_SOCKET = 'there is a file that is no socket';

/** Why nothing can listen at an address, in words: an error of ZeroMQ or of Node. */
export function explainBind(error: unknown): string {
  switch (codeOf(error)) {
    case 'EADDRINUSE':
      return IN_USE;
    case 'EADDRNOTAVAIL':
    case 'ENODEV':
      return 'this machine has no such address or interface';
    case 'EACCES':
      return 'permission denied';
    case 'ENOENT':
      return 'there is no such folder';
    case 'ENAMETOOLONG':
      return 'the path is too long for a socket';
    default:
      return error instanceof Error ? error.message : String(error);
  }
}
