import { eventually, startProcess, type RunningProcess } from '@majordomo/testkit';
import { join } from 'node:path';
import { TitanicClient } from '../../src/index';
import { newClient, newWorker } from './service';

/** A titanic as a process of its own, to be killed and started again. */
export class Mortal {
  #process: RunningProcess | undefined;

  /** @param store - the file of a SQLite store, or the URL of a database */
  constructor(
    private readonly endpoint: string,
    private readonly store: string,
  ) {}

  async start(): Promise<void> {
    const script = join(__dirname, 'titanic-process.mjs');
    this.#process = startProcess(process.execPath, [script, this.endpoint, this.store]);
    await this.#process.waitForLine('started', { timeoutMs: 60_000 });
  }

  async kill(): Promise<void> {
    this.#process!.kill('SIGKILL');
    await this.#process!.exit;
  }
}

/**
 * Submits entries for a ledger, some of them for later, and disturbs titanic whenever so many were answered for. Then:
 * each is booked, none before its time, and what was booked twice was claimed twice.
 */
export async function bookEntries(
  endpoint: string,
  count: number,
  disturbAt: readonly number[],
  disturb: () => Promise<void>,
): Promise<void> {
  /** What was booked, and when. */
  const executions = new Map<string, number[]>();
  await newWorker(
    'ledger',
    async ({ body }) => {
      const entry = body.text();
      executions.set(entry, [...(executions.get(entry) ?? []), Date.now()]);
      await new Promise((resolve) => setTimeout(resolve, 5));
      return `booked ${entry}`;
    },
    { brokers: endpoint, concurrency: 4 },
  );
  const api = new TitanicClient(newClient({ brokers: endpoint, timeoutMs: 60_000, retries: 20 }));
  const submitted = new Map<string, { id: string; at: number }>();
  const submit = async (entry: string): Promise<void> => {
    const at = Date.now() + (Number(entry) % 3) * 200;
    // The same UUID each time: an answer that was lost leads to no second request.
    const id = entry.padStart(32, '0');
    for (;;) {
      try {
        await api.submit('ledger', entry, { id, at });
        submitted.set(entry, { id, at });
        return;
      } catch (error) {
        if ((error as { code?: string }).code !== 'CONNECTION_LOST') throw error;
      }
    }
  };

  const entries = Array.from({ length: count }, (_, index) => String(index));
  const submitting = (async () => {
    for (let from = 0; from < entries.length; from += 10) {
      await Promise.all(entries.slice(from, from + 10).map(submit));
    }
  })();
  submitting.catch(() => undefined);
  for (const answered of disturbAt) {
    await eventually(() => submitted.size >= answered, { timeoutMs: 60_000 });
    await disturb();
  }
  await submitting;

  for (const [entry, { id, at }] of submitted) {
    expect((await api.wait(id, { timeoutMs: 60_000 })).text()).toBe(`booked ${entry}`);
    expect(Math.min(...executions.get(entry)!)).toBeGreaterThanOrEqual(at);
  }
  expect([...executions.keys()].sort()).toEqual([...entries].sort());
  expect((await api.stats()).services).toMatchObject([{ service: 'ledger', state: 'done', requests: count }]);

  // At least once: each execution belongs to a claim of its own, and nothing but a kill leads to a second claim.
  const statuses = await api.statuses([...submitted.values()].map(({ id }) => id));
  for (const [index, entry] of [...submitted.keys()].entries()) {
    const { attempts } = statuses[index]!;
    expect(executions.get(entry)!.length).toBeLessThanOrEqual(attempts);
    expect(attempts).toBeLessThanOrEqual(1 + disturbAt.length);
  }
}
