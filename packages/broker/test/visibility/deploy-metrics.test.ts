import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { closeAllSockets, leakCheck, RawWorker02 } from '@majordomo/testkit';
import { Registry } from 'prom-client';
import { parse } from 'yaml';
import { closeBrokers, serve } from '../wire/served';

leakCheck();
afterEach(closeBrokers);
afterEach(closeAllSockets);

const root = join(__dirname, '../../../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly labels?: Record<string, string>;
  readonly annotations?: Record<string, string>;
}

const groups: { name: string; rules: Rule[] }[] = parse(read('deploy/prometheus/majordomo.rules.yml')).groups;
const rules = groups.flatMap((group) => group.rules);
const alerts = rules.filter(({ alert }) => alert !== undefined);

interface Panel {
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}

const dashboard = JSON.parse(read('deploy/grafana/majordomo.json'));
const panels: Panel[] = dashboard.panels;
const queries: string[] = [
  ...panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
  ...dashboard.templating.list.flatMap(({ query }: { query: string | { query: string } }) =>
    typeof query === 'string'
      ? []
      : [query.query.replace(/^label_values\((.*), (\w+)\)$/, 'sum by ($2) ($1)')],
  ),
  ...dashboard.annotations.list.map(({ expr }: { expr: string }) => expr),
];

/** What a real broker with a worker shows: the labels of each metric, with the values that they have. */
async function shown(): Promise<Map<string, Map<string, Set<string>>>> {
  const registry = new Registry();
  const served = await serve({ metrics: registry });
  const worker = new RawWorker02(served.endpoint);
  await worker.ready('echo');
  await served.workers(1);
  const metrics = new Map<string, Map<string, Set<string>>>();
  for (const line of (await registry.metrics()).split('\n')) {
    const [, name, labels = ''] = /^(\w+)(?:\{(.*)\})? /.exec(line) ?? [];
    if (name === undefined) continue;
    const known = metrics.get(name) ?? new Map<string, Set<string>>();
    metrics.set(name, known);
    for (const [, label = '', value = ''] of labels.matchAll(/(\w+)="([^"]*)"/g)) {
      known.set(label, (known.get(label) ?? new Set()).add(value));
    }
  }
  return metrics;
}

/** The labels that Prometheus adds by itself. */
const OF_PROMETHEUS = ['instance', 'job'];

/** Metrics of ours in an expression, with what is asked of their labels. */
const selectorsOf = (expr: string) =>
  [...expr.replace(/\bup\{[^}]*\}/g, '').matchAll(/\b(majordomo[\w:]*)(?:\{([^}]*)\})?/g)].map(
    ([, name = '', matchers = '']) => ({
      name,
      matchers: [...matchers.matchAll(/(\w+)\s*(?:=~|!~|!=|=)\s*"([^"]*)"/g)].map(
        ([, label = '', value = '']) => ({ label, value }),
      ),
    }),
  );

/** Labels that an expression groups by. */
const groupedBy = (expr: string): string[] =>
  [...expr.matchAll(/\b(?:by|without|on) \(([^)]*)\)/g)].flatMap(([, names = '']) => names.split(/,\s*/));

const recordedAs = (name: string): Rule | undefined => rules.find(({ record }) => record === name);

/** What an expression asks for that there is not. */
function faultsOf(expr: string, metrics: Awaited<ReturnType<typeof shown>>): string[] {
  const faults: string[] = [];
  const labels = new Set(OF_PROMETHEUS);
  for (const { name, matchers } of selectorsOf(expr)) {
    const recorded = recordedAs(name);
    const series = recorded ? undefined : metrics.get(name);
    if (!recorded && !series) faults.push(`${name} is not there`);
    const own = [...OF_PROMETHEUS, ...(recorded ? groupedBy(recorded.expr) : (series?.keys() ?? []))];
    for (const label of own) labels.add(label);
    for (const { label, value } of matchers) {
      if (!own.includes(label)) faults.push(`${name} has no label ${label}`);
      if (value.startsWith('$')) continue;
      const known = [...metrics.values()].flatMap((each) => [...(each.get(label) ?? [])]);
      const values = series?.get(label) ?? new Set(known);
      for (const each of value.split('|'))
        if (!values.has(each)) faults.push(`${name}: ${label} is never ${each}`);
    }
  }
  for (const label of groupedBy(expr)) if (!labels.has(label)) faults.push(`nothing has the label ${label}`);
  return faults;
}

test('rules and panels ask for metrics, labels and values that a broker has', async () => {
  const metrics = await shown();
  const exprs = [...rules.map(({ expr }) => expr), ...queries];
  expect(exprs.length).toBeGreaterThan(60);
  expect(exprs.flatMap((expr) => faultsOf(expr, metrics).map((fault) => `${fault} (${expr})`))).toEqual([]);
  for (const wrong of [
    'majordomo_nothing',
    'majordomo_workers{state="asleep"}',
    'sum by (reason) (majordomo_workers)',
    'majordomo_services{service="x"}',
  ]) {
    expect(faultsOf(wrong, metrics)).not.toEqual([]);
  }
});

test('texts and legends show labels that are there', () => {
  const of = (expr: string): string[] => [
    ...OF_PROMETHEUS,
    ...groupedBy(expr),
    ...(groupedBy(expr).length === 0 ? ['service'] : []),
  ];
  for (const { expr, annotations = {} } of alerts) {
    for (const text of Object.values(annotations))
      for (const [, label = ''] of text.matchAll(/\$labels\.(\w+)/g)) expect(of(expr)).toContain(label);
  }
  for (const { targets = [] } of panels) {
    for (const { expr, legendFormat } of targets)
      for (const [, label = ''] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) expect(of(expr)).toContain(label);
  }
});

/** The names of metrics as docs/METRICS.md has them. */
const baseOf = (name: string, metrics: ReadonlySet<string>): string => {
  const base = name.replace(/_(bucket|sum|count)$/, '');
  return metrics.has(base) ? base : name;
};

test('every metric of a broker is on the dashboard, and has an alert or is listed as one without', async () => {
  const registry = new Registry();
  await serve({ metrics: registry });
  const names = new Set(registry.getMetricsAsArray().map(({ name }) => name));
  const used = (exprs: readonly string[]): Set<string> =>
    new Set(exprs.flatMap(selectorsOf).map(({ name }) => baseOf(name, names)));
  expect([...names].filter((name) => !used(queries).has(name))).toEqual([]);
  const alerted = used(rules.map(({ expr }) => expr));
  const [, list = ''] = /\*\*Without an alert\*\*([^]*?)\n\n/.exec(read('docs/OPERATIONS.md')) ?? [];
  const without = [...list.matchAll(/`(majordomo_\w+)`/g)].map(([, name]) => name);
  expect(without.sort()).toEqual([...names].filter((name) => !alerted.has(name)).sort());
});

test('every alert is told what to do about, and no other', () => {
  const doc = read('docs/OPERATIONS.md');
  const table = doc.slice(doc.indexOf('## Alerts'), doc.indexOf('**Without an alert**'));
  const told = [...table.matchAll(/^\| `(Majordomo\w+)`/gm)].map(([, name]) => name);
  expect(told.sort()).toEqual(alerts.map(({ alert }) => alert).sort());
  for (const { labels, annotations } of alerts) {
    expect(['critical', 'warning', 'info']).toContain(labels?.['severity']);
    expect(annotations?.['summary']).toMatch(/\{\{ \$|\w/);
  }
});

test('the tests of the rules name alerts that are there', () => {
  const { tests, rule_files } = parse(read('deploy/prometheus/majordomo.rules.test.yml'));
  expect(rule_files).toEqual(['majordomo.rules.yml']);
  const named = tests.flatMap(({ alert_rule_test }: { alert_rule_test: { alertname: string }[] }) =>
    alert_rule_test.map(({ alertname }) => alertname),
  );
  expect(named.length).toBeGreaterThan(3);
  const known = alerts.map(({ alert }) => alert);
  expect(named.filter((name: string) => !known.includes(name))).toEqual([]);
});

test('no panel lies over another', () => {
  const taken = new Set<string>();
  for (const { title, gridPos } of panels) {
    expect([title, gridPos.x + gridPos.w <= 24]).toEqual([title, true]);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        expect([title, taken.has(`${x} ${y}`)]).toEqual([title, false]);
        taken.add(`${x} ${y}`);
      }
    }
  }
});
