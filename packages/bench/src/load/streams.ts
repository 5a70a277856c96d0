import { setTimeout as sleep } from 'node:timers/promises';

/** Streams, several at once, each of many PARTIALs. */
export interface StreamLoad {
  readonly streams: number;
  /** PARTIALs of one stream. */
  readonly partials: number;
  readonly bytes: number;
  readonly warmupMs: number;
  readonly measureMs: number;
}

/** What was read. */
export interface StreamResult {
  /** PARTIALs that arrived while it was measured. */
  readonly partials: number;
  readonly seconds: number;
  readonly perSecond: number;
}

/** What a stream is asked for: in the body of its request, as text. */
export interface StreamOrder {
  readonly partials: number;
  readonly bytes: number;
}

/** Reads one stream to its end, telling of every PARTIAL. */
export type ReadStream = (order: StreamOrder, heard: () => void) => Promise<void>;

/** The text of an order, for the body of a request. */
export function writeOrder({ partials, bytes }: StreamOrder): string {
  return `${partials} ${bytes}`;
}

/** The order behind {@link writeOrder}. */
export function readOrder(text: string): StreamOrder {
  const [partials = 0, bytes = 0] = text.split(' ').map(Number);
  return { partials, bytes };
}

/** Keeps `streams` streams going, one after another each, and counts their PARTIALs for a time. */
export async function readStreams(read: ReadStream, load: StreamLoad): Promise<StreamResult> {
  const { partials, bytes, warmupMs, measureMs } = load;
  let heard = 0;
  let stopped = false;
  const loop = async (): Promise<void> => {
    while (!stopped) {
      let own = 0;
      await read({ partials, bytes }, () => {
        own++;
        heard++;
      });
      if (own !== partials) throw new Error(`a stream of ${partials} PARTIALs had ${own}`);
    }
  };
  const loops = Promise.all(Array.from({ length: load.streams }, loop));
  await Promise.race([loops, sleep(warmupMs)]);
  heard = 0;
  const startedAt = performance.now();
  await Promise.race([loops, sleep(measureMs)]);
  const measured = { partials: heard, seconds: (performance.now() - startedAt) / 1_000 };
  stopped = true;
  await loops;
  return { ...measured, perSecond: measured.partials / measured.seconds };
}
