import type { Environment } from '../environment';
import { progress } from '../progress';
import type { Results } from '../report/results';
import { codec } from './codec';
import { durable } from './durable';
import { growth } from './growth';
import { latency } from './latency';
import { oneway } from './oneway';
import { open } from './open';
import type { RunOptions } from './options';
import { rpc } from './rpc';
import { soak } from './soak';
import { stream } from './stream';
import { waiting } from './waiting';

/** The reports of all scenarios. */
type Reports = Omit<Results, 'quick' | 'environment'>;

const SCENARIOS: { readonly [Name in keyof Reports]: (options: RunOptions) => Promise<Reports[Name]> } = {
  rpc,
  latency,
  open,
  stream,
  oneway,
  growth,
  soak,
  durable,
  waiting,
  codec,
};

/**
 * Runs every scenario, one after another: they would disturb each other.
 * @param begun - results of a run that was cut short: what is there is not run again
 * @param keep - is given what there is after each scenario: the run may be cut short
 */
export async function everything(
  options: RunOptions,
  environment: Environment,
  begun: Partial<Results>,
  keep: (soFar: Partial<Results>) => void,
): Promise<Results> {
  let results: Partial<Results> = { quick: options.quick, environment, ...begun };
  for (const name of Object.keys(SCENARIOS) as (keyof Reports)[]) {
    if (results[name]) continue;
    progress(`\n== ${name}`);
    results = { ...results, [name]: await SCENARIOS[name](options) };
    keep(results);
  }
  return results as Results;
}
