import { encodeText } from '../frame';

/*
 * The byte layout of MDP/P1: docs/PROTOCOL.md, "MDP/P1", is the specification. Integers are unsigned and in
 * network byte order; offsets of fields count from the end of the record's header.
 */

/** Starts every message between a client and its broker. */
export const CLIENT_HEADER_P1 = encodeText('MDPCP1');
/** Starts every message between a worker and its broker. */
export const WORKER_HEADER_P1 = encodeText('MDPWP1');
export const HEADER_BYTES = 6;

/** The revision of the dialect that this package speaks, as HELLO, READY and WELCOME state it. */
export const REVISION = 1;

/**
 * The capability PROOF: of a peer, that it can prove which key it holds; of a broker, that it is to do so (docs/PROTOCOL.md,
 * "Proof of a key").
 */
export const CAN_PROVE = 0x0000_0001;

/** Bytes of a broker's nonce, and of the code that proves a key. */
export const NONCE_BYTES = 32;
export const MAC_BYTES = 32;

/** The kinds of records. */
export const KIND = {
  hello: 0x01,
  ready: 0x02,
  welcome: 0x03,
  service: 0x04,
  request: 0x05,
  partial: 0x06,
  final: 0x07,
  failure: 0x08,
  cancel: 0x09,
  window: 0x0a,
  credit: 0x0b,
  heartbeat: 0x0c,
  draining: 0x0d,
  disconnect: 0x0e,
  proof: 0x0f,
} as const;

/** Set in kinds that a receiver which does not know them skips; others it refuses. */
export const SKIPPABLE_KIND = 0x80;
/** Flags that a receiver has to understand; those beyond it may ignore. */
export const CRITICAL_FLAGS = 0x0f;

/** kind (1), flags (1), length of the content (4). */
export const RECORD_HEADER_BYTES = 6;

/** Flag of REQUEST: fail at once where no worker is registered. */
export const FAIL_FAST = 0x01;
/** Flag of FAILURE: the same request may succeed when it is made again. */
export const RETRYABLE = 0x01;
/** Flag of FAILURE: the code is the worker's, not the broker's. */
export const OF_WORKER = 0x02;

/** Bytes of the fixed part of each kind's content. */
export const FIXED = {
  hello: 12,
  ready: 16,
  welcome: 28,
  service: 4,
  request: 22,
  reply: 6,
  failure: 8,
  cancel: 4,
  window: 8,
  credit: 4,
  reason: 4,
  proof: 64,
} as const;

/** In the length of a body's frame: it travels as a frame of its own. */
export const APART_FLAG = 0x8000_0000;

/** Frames of at least so many bytes travel apart, uncopied. */
export const APART_BYTES_MIN = 8 * 1_024;

/** Characters in a failure's code, and bytes of its message, at the most. */
export const FAILURE_CODE_MAX = 64;
export const FAILURE_MESSAGE_BYTES_MAX = 4_096;

/** Services that one session can give numbers to. */
export const INTERNED_MAX = 8_192;
