import { commonExitCode, type ExitCode } from '../exit';
import { table, type Column } from '../format';
import { complain, type Output } from '../output';
import type { Outcome } from './ask';

/** What a broker was asked for, and which broker that was. */
export type OfBroker<Row> = Row & { readonly broker: string };

/** Prints what each broker listed, as one table or one JSON array, and complains of those that could not. */
export async function reportLists<Row extends object>(
  outcomes: readonly Outcome<readonly Row[]>[],
  columns: readonly Column<Row>[],
  json: boolean,
  output: Output,
): Promise<ExitCode> {
  const rows = outcomes.flatMap((outcome): OfBroker<Row>[] =>
    outcome.ok ? outcome.value.map((row) => ({ broker: outcome.broker, ...row })) : [],
  );
  if (json) await output.json(rows);
  else if (outcomes.some(({ ok }) => ok)) {
    const broker: Column<OfBroker<Row>> = { title: 'BROKER', show: (row) => row.broker };
    await output.line(table(outcomes.length > 1 ? [broker, ...columns] : columns, rows));
  }
  return complainOfFailures(outcomes);
}

/** A line for each broker that could not be asked, and the exit code for all together. */
export function complainOfFailures(outcomes: readonly Outcome<unknown>[]): ExitCode {
  const failures = outcomes.filter((outcome) => !outcome.ok);
  for (const { message } of failures) complain(message);
  return commonExitCode(failures.map(({ exitCode }) => exitCode));
}
