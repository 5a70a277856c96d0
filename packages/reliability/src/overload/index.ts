import type { CommandModule } from '../commands/table';
import { endOnSignals } from '../processes/running';
import { readOptions } from './options';
import type { ScenarioReport } from './report';
import { showOutcome, showScenario } from './show';

/** The command `overload`. The report goes to standard output, progress to standard error. */
export const run: CommandModule['run'] = async (flags) => {
  const { seconds, scenarios } = readOptions(flags);
  endOnSignals();
  const reports: ScenarioReport[] = [];
  for (const scenario of scenarios) {
    process.stderr.write(`${scenario.name} …\n`);
    reports.push(await scenario.run(seconds));
  }
  return {
    passed: reports.every(({ checks }) => checks.every(({ holds }) => holds)),
    text: [...reports.map(showScenario), showOutcome(reports)].join('\n\n'),
    report: { seconds, scenarios: reports },
  };
};
