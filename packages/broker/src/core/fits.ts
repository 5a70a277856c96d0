import type { Body, Limits } from '@majordomo/protocol';

/** True where a body is within limits. */
export function fits(body: Body, { framesMax, frameBytesMax, messageBytesMax }: Limits): boolean {
  const bytes = body.byteLength;
  if (body.length > framesMax || bytes > messageBytesMax) return false;
  return bytes <= frameBytesMax || body.frames.every(({ length }) => length <= frameBytesMax);
}

/** True where something may be within one and not within the other. */
export function isTighter(limits: Limits, than: Limits): boolean {
  return (
    limits.framesMax < than.framesMax ||
    limits.frameBytesMax < than.frameBytesMax ||
    limits.messageBytesMax < than.messageBytesMax
  );
}
