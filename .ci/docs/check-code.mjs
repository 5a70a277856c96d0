// Type-checks every block of TypeScript and JavaScript in the documents as a module of its own, and parses every block
// of JSON and shell. What a block takes for granted stands in a comment before it: `<!-- given: CODE -->`; one that cannot
// be checked says why: `<!-- not checked: WHY -->`. What is shown as `<!-- printed by: COMMAND -->` has to be held against
// that by .ci/run.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { documents, nameOf, noted, place, root } from './documents.mjs';

/** @typedef {import('./documents.mjs').Block} Block */

/** @type {string[]} */
const wrong = [];

/** @type {Map<string, { block: Block, source: string, offset: number }>} */
const modules = new Map();

/** A block that is a file is that file for the other blocks of its document. @param {Block} block */
function asModule(block) {
  const given = noted(block, 'given:') ?? '';
  const head = `export {};\n${given === '' ? '' : `${given}\n`}`;
  const called = nameOf(block) ?? `block-${modules.size}.${block.language === 'ts' ? 'mts' : 'mjs'}`;
  const name = join(root, '.ci/docs', block.file.replaceAll('/', '-'), called);
  if (modules.has(name)) wrong.push(`${place(block)}: ${called} is there already, and would not be checked`);
  modules.set(name, { block, source: head + block.code, offset: head.split('\n').length - 1 });
}

/** Values stand apart by empty lines. @param {Block} block */
function parseJson(block) {
  for (const value of block.code.split(/\n{2,}/)) {
    const { parseDiagnostics } = /** @type {{ parseDiagnostics: ts.Diagnostic[] }} */ (
      /** @type {unknown} */ (ts.parseJsonText(block.file, value))
    );
    for (const { messageText } of parseDiagnostics) {
      wrong.push(`${place(block)}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`);
    }
  }
}

/** @param {Block} block */
function parseShell(block) {
  try {
    execFileSync('bash', ['-n'], { input: block.code, stdio: ['pipe', 'ignore', 'pipe'] });
  } catch (error) {
    wrong.push(`${place(block)}: ${/** @type {{ stderr: Buffer }} */ (error).stderr.toString().trim()}`);
  }
}

/** What is done with a block in each language; `undefined`: it is output, a diagram, or run elsewhere. */
/** @type {Record<string, ((block: Block) => void) | undefined>} */
const LANGUAGES = {
  ts: asModule,
  js: asModule,
  json: parseJson,
  jsonc: parseJson,
  sh: parseShell,
  '': undefined,
  abnf: undefined,
  console: undefined,
  dockerfile: undefined,
  mermaid: undefined,
  promql: undefined,
  text: undefined,
  yaml: undefined,
  python: undefined,
  ini: undefined,
};

const steps = readFileSync(join(root, '.ci/run'), 'utf8');
let checked = 0;
for (const { blocks } of documents()) {
  for (const block of blocks) {
    const command = noted(block, 'printed by:');
    if (command !== undefined && !steps.includes(`printed ${command}\n`)) {
      wrong.push(`${place(block)}: .ci/run has no step that says “printed ${command}”`);
    }
    if (noted(block, 'not checked:')) continue;
    if (!(block.language in LANGUAGES)) {
      wrong.push(`${place(block)}: nobody checks blocks of “${block.language}”; see .ci/docs/check-code.mjs`);
    }
    const check = LANGUAGES[block.language];
    if (check) checked++;
    check?.(block);
  }
}

const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: [] }, ts.sys, root);
const settings = {
  ...options,
  noEmit: true,
  checkJs: true,
  // Handlers in plain JavaScript say no types, and examples need not use all that they show.
  noUnusedLocals: false,
  noUnusedParameters: false,
};
const host = ts.createCompilerHost(settings);
const { directoryExists, fileExists, readFile, getSourceFile } = host;
const folders = new Set([...modules.keys()].map((name) => dirname(name)));
host.directoryExists = (/** @type {string} */ name) => folders.has(name) || directoryExists?.(name) === true;
host.fileExists = (/** @type {string} */ name) => modules.has(name) || fileExists(name);
host.readFile = (/** @type {string} */ name) => modules.get(name)?.source ?? readFile(name);
host.getSourceFile = (/** @type {Parameters<typeof getSourceFile>} */ ...of) => {
  const [name, languageVersion] = of;
  const source = modules.get(name)?.source;
  return source === undefined
    ? getSourceFile(...of)
    : ts.createSourceFile(name, source, languageVersion, true);
};

/** In plain JavaScript nobody says types: what is only untyped, a parameter, parsed JSON or what was caught, is no fault. */
const UNTYPED = new Set([7005, 7006, 7019, 7031, 7034, 7053, 18046]);
const OF_UNKNOWN = /on type 'unknown'/;

const program = ts.createProgram([...modules.keys()], settings, host);
for (const [name, { block, offset }] of modules) {
  const source = program.getSourceFile(name);
  for (const { code, messageText, start = 0 } of ts.getPreEmitDiagnostics(program, source)) {
    const text = ts.flattenDiagnosticMessageText(messageText, '\n');
    if (block.language === 'js' && (UNTYPED.has(code) || OF_UNKNOWN.test(text))) continue;
    const line = (source?.getLineAndCharacterOfPosition(start).line ?? 0) - offset + block.line;
    wrong.push(`${block.file}:${line}: ${text}`);
  }
}

for (const line of wrong) console.error(line);
console.log(`${checked} blocks of code checked, ${wrong.length} faults`);
if (checked === 0 || wrong.length > 0) process.exitCode = 1;
