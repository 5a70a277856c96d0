import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Environment } from '../environment';
import { messageOf, UsageError } from '../errors';
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

/** Runs everything, or takes the results of an earlier run, and writes the document and its charts. */
export async function run(options: RunOptions, environment: Environment): Promise<Written> {
  const { from, out } = options;
  // npm runs this in the root of the repository; INIT_CWD is where the user stands.
  const here = process.env['INIT_CWD'] ?? process.cwd();
  const directory = out === undefined ? DOCS : resolve(here, out);
  const results = from === undefined ? await everything(options, environment) : read(resolve(here, from));
  mkdirSync(join(directory, FOLDER), { recursive: true });
  const files: string[] = [];
  const write = (name: string, text: string): void => {
    writeFileSync(join(directory, name), text);
    files.push(join(directory, name));
  };
  // First of all: what took hours must not be lost for a chart that fails.
  write(join(FOLDER, 'results.json'), `${JSON.stringify(results)}\n`);
  const drawn = charts(results);
  for (const { name, spec } of drawn) write(join(FOLDER, `${name}.svg`), await renderSvg(spec));
  write('BENCHMARKS.md', markdown(results, drawn, FOLDER));
  return { scenario: 'report', files, results };
}

function read(file: string): Results {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Results;
  } catch (error) {
    throw new UsageError(`--from: ${messageOf(error)}`);
  }
}

/** The files that were written, one a line. */
export function show({ files }: Written): string {
  return files.join('\n');
}
