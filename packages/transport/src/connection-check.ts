import { milliseconds, parseOptions } from '@majordomo/protocol';
import { z } from 'zod';
import { clientKeysOf } from './curve/keys';
import { DealerLink, type LinkEnding } from './dealer-link';

/** How to connect for a look. */
export interface ConnectionCheckOptions {
  /** How long the connection may take, from the name of the host to the end of the handshake, in whole ms from 1. */
  readonly timeoutMs: number;
  /** The broker's public key and an own secret one, Z85; without a secret one, a new pair. Default: without CURVE. */
  readonly curve?: { readonly serverKey: string; readonly secretKey?: string | undefined } | undefined;
}

/** Whether a connection stood, after how many ms, or what kept it from that. */
export type ConnectionCheck =
  | { readonly stood: true; readonly ms: number }
  | { readonly stood: false; readonly ending: LinkEnding; readonly reason: string };

const timeoutSchema = z.object({ timeoutMs: milliseconds(1) });

/** Bytes of the largest frame that is taken: none is expected. */
const FRAME_BYTES_MAX = 1 << 20;

/**
 * Connects, says nothing, and closes: what there is to be learnt about an endpoint and keys for it before anything is
 * asked.
 * @param endpoint - `tcp://HOST:PORT` or `ipc://PATH`
 * @throws InvalidKeyError where a key is none; InvalidOptionsError for a `timeoutMs` that is none; an error of ZeroMQ
 * where the endpoint is none
 */
export async function checkConnection(
  endpoint: string,
  { timeoutMs, curve }: ConnectionCheckOptions,
): Promise<ConnectionCheck> {
  parseOptions(timeoutSchema, { timeoutMs }, 'connection check');
  const keys = curve && clientKeysOf(curve);
  const startedAt = performance.now();
  return new Promise((resolve) => {
    const link = new DealerLink(
      endpoint,
      { frameBytesMax: FRAME_BYTES_MAX, connectTimeoutMs: timeoutMs, curve: keys },
      {
        opened: () => {
          link.close({ flush: false });
          resolve({ stood: true, ms: performance.now() - startedAt });
        },
        message: () => undefined,
        closed: (reason, _, ending) => resolve({ stood: false, ending, reason }),
      },
    );
  });
}
