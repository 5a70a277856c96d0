import type { Frame } from '@majordomo/protocol';

/** Messages and bytes in one direction, since the start. */
export class Traffic {
  messages = 0;
  bytes = 0;

  count(frames: readonly Frame[]): void {
    this.messages++;
    for (const frame of frames) this.bytes += frame.length;
  }
}
