import { contractDiff, type ContractDiff, type ContractSnapshot } from '@majordomo/contracts';
import type { Invocation } from '../command';
import { loadContracts } from '../contract/load';
import { EXIT, UsageError, type ExitCode } from '../exit';
import { table, type Column } from '../format';
import type { Output } from '../output';

type ContractInvocation = Invocation<'json'>;

/** `majordomo contract check` and `majordomo contract snapshot`. */
export async function run({ args, settings, output }: ContractInvocation): Promise<ExitCode> {
  const [action = '', file = '', after] = args;
  switch (action) {
    case 'check':
      if (after === undefined) throw new UsageError('contract check takes two files: the old and the new');
      return check(file, after, settings.json, output);
    case 'snapshot':
      if (after !== undefined) throw new UsageError('contract snapshot takes one file');
      await output.line(JSON.stringify(await loadContracts(file), undefined, 2));
      return EXIT.ok;
    default:
      throw new UsageError(`contract knows check and snapshot, got ${JSON.stringify(action)}`);
  }
}

/** What became of a service: a comparison, or that it came or went. */
interface Verdict extends ContractDiff {
  readonly change: 'compared' | 'added' | 'removed';
}

async function check(oldFile: string, newFile: string, json: boolean, output: Output): Promise<ExitCode> {
  const [before, after] = [await loadContracts(oldFile), await loadContracts(newFile)];
  const verdicts = [
    ...before.map((old) => compared(old, after)),
    ...after.filter(({ name }) => !before.some((old) => old.name === name)).map(({ name }) => added(name)),
  ];
  if (json) await output.json(verdicts);
  else await output.line(table(COLUMNS, verdicts.flatMap(rowsOf)));
  return verdicts.every(({ compatible }) => compatible) ? EXIT.ok : EXIT.failure;
}

function compared(old: ContractSnapshot, after: readonly ContractSnapshot[]): Verdict {
  const now = after.find(({ name }) => name === old.name);
  if (now) return { change: 'compared', ...contractDiff(old, now) };
  const reasons = [{ path: 'name', message: 'is in the new file no more' }];
  const gone = { compatible: false, reasons };
  return { change: 'removed', name: old.name, compatible: false, oldClients: gone, oldWorkers: gone };
}

function added(name: string): Verdict {
  const fine = { compatible: true, reasons: [] };
  return { change: 'added', name, compatible: true, oldClients: fine, oldWorkers: fine };
}

interface Row {
  readonly service: string;
  readonly peers: string;
  readonly verdict: string;
  readonly path: string;
  readonly message: string;
}

const COLUMNS: readonly Column<Row>[] = [
  { title: 'SERVICE', show: ({ service }) => service },
  { title: 'WHOSE', show: ({ peers }) => peers },
  { title: 'VERDICT', show: ({ verdict }) => verdict },
  { title: 'WHERE', show: ({ path }) => path },
  { title: 'WHY', show: ({ message }) => message },
];

/** A row for each reason; one for a side that goes on. */
function rowsOf({ change, name, oldClients, oldWorkers }: Verdict): readonly Row[] {
  if (change === 'added') return [{ service: name, peers: '-', verdict: 'new', path: '-', message: '-' }];
  return [
    { peers: 'old clients', ...oldClients },
    { peers: 'old workers', ...oldWorkers },
  ].flatMap(({ peers, compatible, reasons }) =>
    compatible
      ? [{ service: name, peers, verdict: 'ok', path: '-', message: '-' }]
      : reasons.map(({ path, message }) => ({ service: name, peers, verdict: 'break', path, message })),
  );
}
