import type { Frame } from './frame';
import { NO_ALLOWANCE, type Allowance, type Limits } from './limits';

/** Why a message was not taken. Stable: these are the labels of counters. */
export const REJECTION_REASONS = [
  'empty_message',
  'too_many_frames',
  'frame_too_large',
  'message_too_large',
  'unknown_header',
  'zproto_dialect',
  'missing_delimiter',
  'unexpected_delimiter',
  'truncated',
  'surplus_frames',
  'unknown_command',
  'bad_service_name',
  'bad_address',
  'no_envelope_end',
  'no_body',
  'unknown_flag',
  'bad_length',
  'bad_id',
  'bad_service_number',
  'bad_metadata',
  'bad_value',
] as const;

/** Why a message was not taken. */
export type RejectionReason = (typeof REJECTION_REASONS)[number];

/** A message that was not taken: the reason for counters, the detail for logs. */
export interface Rejection {
  readonly reason: RejectionReason;
  readonly detail: string;
}

/** What decoding gives: a command that its schema would let through, or a typed rejection. It never throws. */
export type Decoded<Command> =
  { readonly ok: true; readonly command: Command } | { readonly ok: false; readonly rejection: Rejection };

/** A decoded command. */
export function accept<Command>(command: Command): Decoded<Command> {
  return { ok: true, command };
}

/** A refused message. */
export function reject(reason: RejectionReason, detail: string): Decoded<never> {
  return { ok: false, rejection: { reason, detail } };
}

/** The rejection of a message that is beyond the limits and the allowance, or `undefined` where it is within. */
export function beyondLimits(
  frames: readonly Frame[],
  limits: Limits,
  allowance: Allowance = NO_ALLOWANCE,
): Decoded<never> | undefined {
  const framesMax = limits.framesMax + allowance.frames;
  if (frames.length > framesMax) {
    return reject('too_many_frames', `${frames.length} frames, at most ${framesMax}`);
  }
  let bytes = 0;
  for (const frame of frames) {
    if (frame.length > limits.frameBytesMax) {
      return reject('frame_too_large', `a frame of ${frame.length} bytes, at most ${limits.frameBytesMax}`);
    }
    bytes += frame.length;
  }
  const bytesMax = limits.messageBytesMax + allowance.bytes;
  if (bytes > bytesMax) return reject('message_too_large', `${bytes} bytes, at most ${bytesMax}`);
  return undefined;
}
