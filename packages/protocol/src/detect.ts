import type { ClientToBroker, WorkerToBroker } from './commands';
import type { DialectName, PlainDialect } from './dialect';
import { CLIENT_HEADER_01, mdp01, WORKER_HEADER_01 } from './dialects/mdp01';
import { CLIENT_HEADER_02, mdp02, mdp02OverReq, WORKER_HEADER_02 } from './dialects/mdp02';
import { describe } from './dialects/plain';
import { sameBytes, type Frame } from './frame';
import { DEFAULT_LIMITS, type Limits } from './limits';
import { beyondLimits, reject, type Decoded } from './rejection';

/** The plain dialect that a name stands for. */
export function dialectByName(name: Exclude<DialectName, 'packed'>): PlainDialect {
  return name === 'mdp/0.1' ? mdp01 : mdp02;
}

/** Who sent a plain message to a broker, in which dialect, and what it says. */
export type FromPeer =
  | { readonly half: 'client'; readonly dialect: PlainDialect; readonly command: ClientToBroker }
  | { readonly half: 'worker'; readonly dialect: PlainDialect; readonly command: WorkerToBroker };

type Route = readonly [header: Frame, half: FromPeer['half'], dialect: PlainDialect];

/**
 * Which half a packed message is of, by the header in its first frame, or in its second behind the empty one that a
 * session begins with; `undefined` for messages of plain dialects.
 */
export function packedHalf(frames: readonly Frame[]): 'client' | 'worker' | undefined {
  const head = frames[0]?.length === 0 ? frames[1] : frames[0];
  // M D P C|W P 1
  if (head?.[4] !== 0x50 || head[5] !== 0x31 || head[0] !== 0x4d || head[1] !== 0x44 || head[2] !== 0x50) {
    return undefined;
  }
  if (head[3] === 0x43) return 'client';
  return head[3] === 0x57 ? 'worker' : undefined;
}

const BARE: readonly Route[] = [
  [CLIENT_HEADER_02, 'client', mdp02],
  [WORKER_HEADER_02, 'worker', mdp02],
];

const DELIMITED: readonly Route[] = [
  [CLIENT_HEADER_01, 'client', mdp01],
  [WORKER_HEADER_01, 'worker', mdp01],
  [CLIENT_HEADER_02, 'client', mdp02OverReq],
];

/** The first bytes of the zproto framing that github.com/zeromq/majordomo speaks: no MDP of any RFC. */
const isZproto = (frame: Frame): boolean => frame[0] === 0xaa && frame[1] === 0xa4;

function unknown(frames: readonly Frame[], delimited: boolean): Decoded<never> {
  const header = frames[delimited ? 1 : 0];
  if (!header) return reject('truncated', 'nothing after the empty frame');
  if (isZproto(header)) {
    return reject(
      'zproto_dialect',
      'a peer built on zeromq/majordomo (frames AA A4 …): it speaks neither RFC 7 nor RFC 18 and cannot use this broker',
    );
  }
  if (BARE.concat(DELIMITED).some(([known]) => sameBytes(known, header))) {
    return delimited
      ? reject('unexpected_delimiter', `an empty frame before ${describe(header)}: not RFC 18`)
      : reject('missing_delimiter', `no empty frame before ${describe(header)}: not RFC 7`);
  }
  return reject('unknown_header', `header ${describe(header)}`);
}

function routeOf(header: Frame, routes: readonly Route[]): Route | undefined {
  for (const route of routes) if (sameBytes(route[0], header)) return route;
  return undefined;
}

/**
 * Tells the dialect and half of a message by its header and decodes it, as a broker does for every
 * message: command numbers collide between dialects, so only the header can tell.
 */
export function decodeAtBroker(frames: readonly Frame[], limits: Limits = DEFAULT_LIMITS): Decoded<FromPeer> {
  const [first] = frames;
  if (!first) return reject('empty_message', 'no frames');
  const delimited = first.length === 0;
  const header = delimited ? frames[1] : first;
  const route = header && routeOf(header, delimited ? DELIMITED : BARE);
  if (!route) return beyondLimits(frames, limits) ?? unknown(frames, delimited);
  const [, half, dialect] = route;
  if (half === 'client') {
    const decoded = dialect.clientToBroker.decode(frames, limits);
    return decoded.ok ? { ok: true, command: { half, dialect, command: decoded.command } } : decoded;
  }
  const decoded = dialect.workerToBroker.decode(frames, limits);
  return decoded.ok ? { ok: true, command: { half, dialect, command: decoded.command } } : decoded;
}
