/** How often something is looked at, in ms. */
const POLL_MS = 10;

/** Waits until something holds, and tells whether it did within the time. */
export async function holdsWithin(timeoutMs: number, holds: () => boolean): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    if (holds()) return true;
    if (performance.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
