import { decodeText, encodeText, encodeZ85, KEY_BYTES, type Frame } from '@majordomo/protocol';

/** A connection that asks to be let in (ZeroMQ RFC 27). */
export interface ZapRequest {
  /** Names the gate that decides. */
  readonly domain: string;
  /** Where it comes from, such as an IP address; empty where ZeroMQ does not know. */
  readonly address: string;
  /** `NULL` or `CURVE`. */
  readonly mechanism: string;
  /** The public key that it has proven to hold, as Z85; of CURVE only. */
  readonly publicKey: string | undefined;
}

/** A request with the number that its answer needs, or why it is none. */
export type ReadZap =
  | { readonly ok: true; readonly id: Frame; readonly request: ZapRequest }
  | { readonly ok: false; readonly id: Frame; readonly domain: string; readonly detail: string };

const VERSION = '1.0';
/** Frames before the credentials: version, request id, domain, address, identity, mechanism. */
const FIXED_FRAMES = 6;
const FIELD_BYTES_MAX = 255;
const MECHANISM_BYTES_MAX = 20;
const FRAMES_MAX = FIXED_FRAMES + 2;
const NO_BYTES: Frame = new Uint8Array(0);

/** Reads a request; whatever comes is data. */
export function readZapRequest(frames: readonly Frame[]): ReadZap {
  const [version = NO_BYTES, id = NO_BYTES, domain = NO_BYTES, address = NO_BYTES, , mechanism = NO_BYTES] =
    frames;
  const fault = faultOf(frames, version, mechanism);
  const known = domain.length <= FIELD_BYTES_MAX ? decodeText(domain) : '';
  if (fault)
    return { ok: false, id: id.length <= FIELD_BYTES_MAX ? id : NO_BYTES, domain: known, detail: fault };
  const key = frames[FIXED_FRAMES];
  const request = {
    domain: known,
    address: decodeText(address),
    mechanism: decodeText(mechanism),
    publicKey: key?.length === KEY_BYTES ? encodeZ85(key) : undefined,
  };
  return { ok: true, id, request };
}

function faultOf(frames: readonly Frame[], version: Frame, mechanism: Frame): string | undefined {
  if (frames.length < FIXED_FRAMES || frames.length > FRAMES_MAX) return `${frames.length} frames`;
  if (frames.some(({ length }) => length > FIELD_BYTES_MAX)) return `a field beyond ${FIELD_BYTES_MAX} bytes`;
  if (decodeText(version) !== VERSION) return 'a version that is not 1.0';
  if (mechanism.length > MECHANISM_BYTES_MAX) return `a mechanism beyond ${MECHANISM_BYTES_MAX} bytes`;
  if (decodeText(mechanism) !== 'CURVE') return undefined;
  const credentials = frames.slice(FIXED_FRAMES);
  if (credentials.length === 1 && credentials[0]?.length === KEY_BYTES) return undefined;
  return 'CURVE without one key of 32 bytes';
}

/** The answer to a request: come in (200), or stay out (400). */
export function zapReply(id: Frame, allowed: boolean, text: string): Frame[] {
  return [encodeText(VERSION), id, encodeText(allowed ? '200' : '400'), encodeText(text), NO_BYTES, NO_BYTES];
}
