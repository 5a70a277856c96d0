import { createHash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Who may look: everybody where there is no token, else whoever says it. */
export class Access {
  readonly #digest: Buffer | undefined;

  constructor(token: string | undefined) {
    this.#digest = token === undefined ? undefined : digest(token);
  }

  /** True where there is a token to be said. */
  get hasToken(): boolean {
    return this.#digest !== undefined;
  }

  /** True where a request says the token, or needs none. Takes as long for any token. */
  allows(authorization: string | undefined): boolean {
    if (!this.#digest) return true;
    const said = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
    return said !== undefined && timingSafeEqual(digest(said), this.#digest);
  }
}

/** The host of `HOST`, `HOST:PORT` or `[HOST]:PORT`. */
export function hostOf(hostAndPort: string): string {
  const match = /^\[([^\]]*)\](?::\d+)?$/.exec(hostAndPort) ?? /^([^:]*)(?::\d+)?$/.exec(hostAndPort);
  return match?.[1] ?? hostAndPort;
}

/** True for a name or address of this machine itself. */
export function isLoopback(host: string): boolean {
  return /^localhost$/i.test(host) || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/**
 * True where the request may have been meant for us. A page of anybody's can have its own name lead to 127.0.0.1, and
 * would then read what we say as its own (DNS rebinding); so who listens on loopback answers to loopback names alone.
 */
export function isMeant(boundHost: string, hostHeader: string | undefined): boolean {
  return !isLoopback(boundHost) || isLoopback(hostOf(hostHeader ?? ''));
}
