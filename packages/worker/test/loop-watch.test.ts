import type { Logger } from '@majordomo/protocol';
import { eventually, leakCheck } from '@majordomo/testkit';
import { LoopWatch } from '../src/loop-watch';
import { closeAll, listen, next, ready, startWorker, texts } from './helpers';

leakCheck();
afterEach(closeAll);

const nobody = new Int32Array(new SharedArrayBuffer(4));
const block = (ms: number): void => void Atomics.wait(nobody, 0, 0, ms);

/** Lets the event loop turn for so many looks of a watch with intervals of 400 ms, and a little more. */
const turn = (looks: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, looks * 100 + 20));

describe('the watch', () => {
  const told: number[] = [];
  const watch = new LoopWatch(400, (blockedMs) => told.push(blockedMs));
  beforeEach(() => {
    told.length = 0;
    watch.start();
  });
  afterEach(() => watch.stop());

  test('tells of a block that is longer than the interval, and for how long it was at least', async () => {
    block(1_000);
    await eventually(() => told.length > 0);
    expect(told).toHaveLength(1);
    expect(told[0]).toBeGreaterThanOrEqual(850);
  });

  test('tells of blocks that follow each other once, and of one after a calm interval again', async () => {
    for (let n = 0; n < 3; n++) {
      block(800);
      await turn(1);
    }
    expect(told).toHaveLength(1);
    // As many looks in time as there are in an interval, however slow this machine is.
    for (let n = 0; n < 8; n++) await turn(1);
    block(800);
    await eventually(() => told.length > 1);
    expect(told).toHaveLength(2);
  });

  test('stopped, it tells of nothing', async () => {
    watch.stop();
    block(1_000);
    await turn(2);
    expect(told).toEqual([]);
  });
});

test('a worker whose handler blocks the event loop warns once, says for how long, and names the way out', async () => {
  const broker = await listen();
  const warnings: [object, string][] = [];
  const ignore = (): void => undefined;
  const logger: Logger = {
    debug: ignore,
    info: ignore,
    warn: (...line) => warnings.push(line),
    error: ignore,
  };
  const blocked: number[] = [];
  const worker = await startWorker(
    broker.endpoint,
    () => {
      block(600);
      return 'done';
    },
    { logger, heartbeatMs: 200, liveness: 100 },
  );
  worker.on('loopBlocked', ({ blockedMs }) => blocked.push(blockedMs));
  await broker.sendRequest(await ready(broker), 'c', 'x');
  expect(texts(await next(broker, 'final'))).toEqual(['done']);
  await eventually(() => blocked.length > 0);
  const about = warnings.filter(([, text]) => text.includes('event loop was blocked'));
  expect(about).toEqual([
    [
      { event: 'loopBlocked', service: 'echo', blockedMs: blocked[0], heartbeatMs: 200 },
      expect.stringContaining('handlerFile'),
    ],
  ]);
  expect(blocked).toHaveLength(1);
  expect(blocked[0]).toBeGreaterThanOrEqual(500);
});
