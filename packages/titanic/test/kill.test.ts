import { eventually, killAllProcesses, startProcess, type RunningProcess } from '@majordomo/testkit';
import { join } from 'node:path';
import { TitanicClient } from '../src/index';
import { scratchFolder, sweep } from './support/scratch';
import { closeAll, newBroker, newClient, newWorker } from './support/service';

afterEach(closeAll);
afterEach(killAllProcesses);
afterEach(sweep);

/** Runs a titanic, and another whenever it is killed. */
class Mortal {
  kills = 0;
  #process: RunningProcess | undefined;

  constructor(
    private readonly endpoint: string,
    private readonly file: string,
  ) {}

  async start(): Promise<void> {
    const script = join(__dirname, 'support/titanic-process.mjs');
    this.#process = startProcess(process.execPath, [script, this.endpoint, this.file]);
    await this.#process.waitForLine('started', { timeoutMs: 60_000 });
  }

  async kill(): Promise<void> {
    this.kills++;
    this.#process!.kill('SIGKILL');
    await this.#process!.exit;
  }
}

test('titanic is killed again and again: what was answered is done, nothing before its time, nothing lost', async () => {
  const endpoint = await newBroker();
  const mortal = new Mortal(endpoint, join(scratchFolder(), 'requests.db'));
  await mortal.start();

  /** Executions: what, and when. */
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

  const client = newClient({ brokers: endpoint, timeoutMs: 60_000, retries: 20 });
  const api = new TitanicClient(client);
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

  const entries = Array.from({ length: 300 }, (_, index) => String(index));
  const submitting = (async () => {
    for (let from = 0; from < entries.length; from += 10) {
      await Promise.all(entries.slice(from, from + 10).map(submit));
    }
  })();
  submitting.catch(() => undefined);

  for (const answered of [35, 90, 160, 230, 300]) {
    await eventually(() => submitted.size >= answered, { timeoutMs: 60_000 });
    await mortal.kill();
    await mortal.start();
  }
  await submitting;

  for (const [entry, { id, at }] of submitted) {
    expect((await api.wait(id, { timeoutMs: 60_000 })).text()).toBe(`booked ${entry}`);
    expect(Math.min(...executions.get(entry)!)).toBeGreaterThanOrEqual(at);
  }
  expect([...executions.keys()].sort()).toEqual([...entries].sort());
  const { services } = await api.stats();
  expect(services).toMatchObject([{ service: 'ledger', state: 'done', requests: 300 }]);

  // At least once: each execution belongs to a claim of its own, and nothing but a kill leads to a second claim.
  const statuses = await api.statuses([...submitted.values()].map(({ id }) => id));
  for (const [index, entry] of [...submitted.keys()].entries()) {
    const { attempts } = statuses[index]!;
    expect(executions.get(entry)!.length).toBeLessThanOrEqual(attempts);
    expect(attempts).toBeLessThanOrEqual(1 + mortal.kills);
  }
}, 180_000);
