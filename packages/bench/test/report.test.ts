import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../src/commands/report';
import { charts } from '../src/report/charts';
import { markdown } from '../src/report/markdown';
import { showRpc } from '../src/report/rpc-tables';
import { within } from '../src/scenarios/targets';
import { reportOf } from '../src/scenarios/rpc-report';
import { ALONE, BUSY, resultsFixture, rpcFixture, taken } from './fixture';

describe('rpc', () => {
  const report = rpcFixture();

  test('ratios are of ours packed over each peer, per cell, each the median of its rounds', () => {
    expect(report.ratios).toEqual({
      '1x100': { nats: expect.closeTo(0.667, 2) },
      '1000x100': { nats: 11 },
    });
    expect(report.ratioSpreads['1000x100']?.nats).toEqual({ median: 11, min: 10, max: 14 });
    expect(report.latencyRatios['1x100']?.nats).toBeCloseTo(1.5);
  });

  test('targets are met, missed or not measured', () => {
    const verdictOn = (text: string) => report.targets.find(({ goal }) => goal.includes(text));
    expect(verdictOn('1,000 in flight, 100 B: calls per second, at least 10x')?.met).toBe(true);
    expect(verdictOn('over NATS, one in flight')?.met).toBe(false);
    expect(verdictOn('64 KiB')).toMatchObject({ met: null, measured: null });
  });

  test('without ours there is nothing to compare', () => {
    const { ratios } = reportOf([BUSY, ALONE], ['nats'], taken('nats', BUSY, [1, 2, 3]));
    expect(ratios).toEqual({ '1000x100': {}, '1x100': {} });
  });

  test('the table has a line per cell and peer, the verdicts, and who was skipped', () => {
    const lines = showRpc(report).split('\n');
    expect(lines.filter((line) => /ours, packed|NATS {2}/.test(line))).toHaveLength(4);
    expect(lines.some((line) => /1,000 +100 B +NATS .* 11x$/.test(line))).toBe(true);
    expect(lines.at(-1)).toBe('skipped BullMQ on Redis: redis-server is not installed');
  });
});

test.each([
  [10, { atLeast: 10 }, true],
  [9.99, { atLeast: 10 }, false],
  [1.15, { atMost: 1.15 }, true],
  [1.16, { atMost: 1.15 }, false],
])('%d within %j is %s', (value, bound, expected) => {
  expect(within(value, bound)).toBe(expected);
});

describe('the document', () => {
  const results = resultsFixture();
  const drawn = charts(results);
  const text = markdown(results, drawn, 'benchmarks');

  test('says with what and how it was made', () => {
    expect(text).toContain('`npm run bench -- report`, 2026-11-21, on 2 cores of AMD EPYC, 24 GiB');
    expect(text).toContain('node 20.20.2 · libzmq 4.3.5 · nats-server 2.9.10');
    expect(text).toContain('Skipped: BullMQ on Redis – redis-server is not installed.');
    expect(text).not.toContain('quick run:**');
    expect(markdown({ ...results, quick: true }, drawn, 'benchmarks')).toContain('quick run:**');
  });

  test('shows every chart, and each under its own name', () => {
    const shown = [...text.matchAll(/\]\(benchmarks\/([a-z0-9-]+)\.svg\)/g)].map(([, name]) => name);
    expect(shown).toEqual(drawn.map(({ name }) => name));
    expect(new Set(shown).size).toBe(shown.length);
  });

  test('has nothing in it that is no number', () => {
    expect(text).not.toMatch(/NaN|undefined|null|Infinity/);
  });

  test('is the same from results that were written and read again', () => {
    const again = JSON.parse(JSON.stringify(results)) as typeof results;
    expect(markdown(again, charts(again), 'benchmarks')).toBe(text);
  });
});

test('charts leave out what a logarithm has no place for', () => {
  const results = resultsFixture();
  const [row] = results.stream.rows;
  const zero = { median: 0, min: 0, max: 0 };
  const stream = { ...results.stream, rows: [row!, { ...row!, peer: 'http' as const, perSecond: zero }] };
  const chart = charts({ ...results, stream }).find(({ name }) => name === 'stream');
  expect(chart?.spec).toMatchObject({ data: { values: [{ x: 10, y: 2, colour: 'gRPC (@grpc/grpc-js)' }] } });
});

describe('from results', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  const from = join(folder, 'results.json');
  afterAll(() => rmSync(folder, { recursive: true }));

  const runFrom = (results: unknown) => {
    writeFileSync(from, JSON.stringify(results));
    const { environment } = resultsFixture();
    return run({ quick: false, json: false, checkpoint: 2, requests: 1, from, out: folder }, environment);
  };

  test('that are complete nothing is run again', async () => {
    const { files } = await runFrom(resultsFixture());
    expect(readFileSync(join(folder, 'benchmarks/results.json'), 'utf8')).toBe(
      `${JSON.stringify(resultsFixture())}\n`,
    );
    expect(files).toContain(join(folder, 'BENCHMARKS.md'));
  });

  test('that lack something only that is run; what fails loses nothing that was read', async () => {
    const others = { ...resultsFixture(), soak: undefined };
    await expect(runFrom(others)).rejects.toThrow('--checkpoint: should not be more than --requests');
    expect(readFileSync(from, 'utf8')).toBe(JSON.stringify(others));
  });
});
