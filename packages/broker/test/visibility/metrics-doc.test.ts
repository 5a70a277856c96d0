import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { newCounters, newRejectionCounts } from '../../src/core/counters';
import { OUTCOMES } from '../../src/core/meters';
import { Look } from '../../src/visibility/look';
import { LoopWatch } from '../../src/visibility/loop-watch';
import { newLosses } from '../../src/visibility/losses';
import { brokerMetrics } from '../../src/visibility/metrics';
import { Scrape } from '../../src/visibility/scrape';
import { Traffic } from '../../src/visibility/traffic';

const doc = readFileSync(join(__dirname, '../../../../docs/METRICS.md'), 'utf8');

const core = {
  services: new Map(),
  workers: new Map(),
  clients: [],
  counters: newCounters(),
  rejections: newRejectionCounts(),
  pendingBytes: 0,
  retainedBytes: 0,
  startedAt: 0,
};

const families = brokerMetrics(
  {
    core,
    facts: {
      version: '1.2.3',
      state: 'running',
      endpoints: [],
      now: () => 0,
      memory: () => process.memoryUsage(),
    },
    received: new Traffic(),
    sent: new Traffic(),
    lost: newLosses(),
  },
  new LoopWatch(),
  new Look(() => new Scrape(core, 0)),
);

/** `name | type | labels` of every metric in the section of the document. */
function rowsOf(section: string): string[] {
  const text = doc.split(/^## /m).find((part) => part.startsWith(section)) ?? '';
  const rows = [...text.matchAll(/^\| `(\w+)` +\| (\w+) +\| (.*?) +\|/gm)];
  return rows.map(([, name, type, labels]) => `${name} ${type} ${labels}`);
}

test('the table of the broker has every metric with its type and labels, and no other', () => {
  const found = families.map(({ name, type, labelNames }) => {
    const labels = labelNames.map((label) => `\`${label}\``).join(', ');
    return `${name} ${type} ${labels || '–'}`;
  });
  expect(rowsOf('The broker').sort()).toEqual(found.sort());
});

test('every outcome is explained, and no other', () => {
  const text = doc.split(/^##+ /m).find((part) => part.startsWith('Outcomes')) ?? '';
  expect([...text.matchAll(/^\| `(\w+)` +\|/gm)].map(([, outcome]) => outcome)).toEqual([...OUTCOMES]);
});

test('names are as Prometheus would have them', () => {
  for (const { name, type } of families) {
    expect(name).toMatch(/^majordomo_[a-z]+(_[a-z]+)*$/);
    expect(name.endsWith('_total')).toBe(type === 'counter');
    expect(name).not.toMatch(/_(ms|milliseconds|kib)(_|$)/);
  }
  expect(new Set(families.map(({ name }) => name)).size).toBe(families.length);
});
