import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Environment } from '../environment';
import { BenchError, messageOf, UsageError } from '../errors';
import { charts } from '../report/charts';
import { markdown } from '../report/markdown';
import { renderSvg } from '../report/render';
import type { Results } from '../report/results';
import { everything } from '../scenarios/everything';
import type { RunOptions } from '../scenarios/options';

/** The documents of the repository, as seen from dist. */
const DOCS = fileURLToPath(new URL('../../../docs', import.meta.url));
/** Charts and results, below the document. */
const FOLDER = 'benchmarks';

/** What was written. */
export interface Written {
  readonly scenario: 'report';
  readonly files: readonly string[];
  readonly results: Results;
}

/**
 * Runs everything, or what the results of an earlier run lack, and writes the document and its charts.
 * @throws BenchError naming the file with what was measured, where a scenario fails
 */
export async function run(options: RunOptions, environment: Environment): Promise<Written> {
  const { from, out } = options;
  // npm runs this in the root of the repository; INIT_CWD is where the user stands.
  const here = process.env['INIT_CWD'] ?? process.cwd();
  const directory = out === undefined ? DOCS : resolve(here, out);
  const begun = from === undefined ? {} : read(resolve(here, from));
  mkdirSync(join(directory, FOLDER), { recursive: true });
  const results = await runAll(options, environment, begun, join(directory, FOLDER, 'results.partial.json'));
  const files: string[] = [];
  const write = (name: string, text: string): void => {
    writeFileSync(join(directory, name), text);
    files.push(join(directory, name));
  };
  // First of all: what took long must not be lost for a chart that fails.
  write(join(FOLDER, 'results.json'), `${JSON.stringify(results)}\n`);
  const drawn = charts(results);
  for (const { name, spec } of drawn) write(join(FOLDER, `${name}.svg`), await renderSvg(spec));
  write('BENCHMARKS.md', markdown(results, drawn, FOLDER));
  return { scenario: 'report', files, results };
}

/** Runs what is missing; what took long must not be lost for a scenario that fails. */
async function runAll(
  options: RunOptions,
  environment: Environment,
  begun: Partial<Results>,
  file: string,
): Promise<Results> {
  let kept = false;
  try {
    const results = await everything(options, environment, begun, (soFar) => {
      writeFileSync(file, `${JSON.stringify(soFar)}\n`);
      kept = true;
    });
    rmSync(file, { force: true });
    return results;
  } catch (error) {
    if (!kept) throw error;
    throw new BenchError(`${messageOf(error)} What was measured is in ${file}: go on with --from.`);
  }
}

function read(file: string): Partial<Results> {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Partial<Results>;
  } catch (error) {
    throw new UsageError(`--from: ${messageOf(error)}`);
  }
}

/** The files that were written, one a line. */
export function show({ files }: Written): string {
  return files.join('\n');
}
