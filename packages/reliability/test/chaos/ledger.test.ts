import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  clientLineSchema,
  lifeOf,
  readLines,
  workerLineSchema,
  type WorkerLine,
} from '../../src/chaos/ledger';
import { LedgerFile } from '../../src/ledger-file';

let folder: string;
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'majordomo-ledger-'))));
afterEach(() => rm(folder, { recursive: true }));

test('what was written is read, and nothing is written to a ledger that is closed', async () => {
  const path = join(folder, 'worker-1.1.jsonl');
  const ledger = new LedgerFile<WorkerLine>(path);
  const run: WorkerLine = { kind: 'run', id: 'c.1/1', run: 'w.1/1', broker: 'tcp://a:1', attempt: 1 };
  ledger.write(run);
  ledger.write({ kind: 'done', run: 'w.1/1' });
  ledger.close();
  ledger.write({ kind: 'done', run: 'w.1/2' });
  expect(readLines(workerLineSchema, await readFile(path, 'utf8'))).toEqual([
    run,
    { kind: 'done', run: 'w.1/1' },
  ]);
});

test('a line that was being written when its process was killed is no line', () => {
  expect(readLines(workerLineSchema, '{"kind":"done","run":"w.1/1"}\n{"kind":"do')).toHaveLength(1);
});

test('any other line that is no line is an error', () => {
  expect(() => readLines(workerLineSchema, '{"kind":"do\n')).toThrow(SyntaxError);
  expect(() => readLines(clientLineSchema, '{"kind":"done","run":"w.1/1"}\n')).toThrow('kind');
});

test('the life that made a request or run', () => {
  expect(lifeOf('client-2.1/37')).toBe('client-2.1');
});
