import type { Body, Limits } from '@majordomo/protocol';

/** True where a body is within limits. */
export function fits(body: Body, { framesMax, frameBytesMax, messageBytesMax }: Limits): boolean {
  const bytes = body.byteLength;
  if (body.length > framesMax || bytes > messageBytesMax) return false;
  return bytes <= frameBytesMax || body.frames.every(({ length }) => length <= frameBytesMax);
}
