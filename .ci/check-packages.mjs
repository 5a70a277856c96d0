// Packs every package as npm would publish it, installs the tarballs into blank projects, and uses them there:
// from ESM, from CommonJS, and from TypeScript under both module resolutions.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'majordomo-packages-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));

/**
 * @param {string} cwd
 * @param {string} command
 * @param {string[]} args
 */
function run(cwd, command, ...args) {
  return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}

/** @type {Map<string, { tarball: string, files: string[], dependencies: string[] }>} */
const packages = new Map();

for (const folder of readdirSync(join(root, 'packages'))) {
  const directory = join(root, 'packages', folder);
  const manifest = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
  if (manifest.private) continue;
  const [packed] = JSON.parse(run(directory, 'npm', 'pack', '--json', '--pack-destination', scratch));
  const files = packed.files.map((/** @type {{ path: string }} */ file) => file.path);
  packages.set(folder, {
    tarball: join(scratch, packed.filename),
    files,
    dependencies: Object.keys(manifest.dependencies ?? {}),
  });
  const expected =
    folder === 'cli'
      ? ['dist/main.js']
      : ['dist/index.js', 'dist/index.cjs', 'dist/index.d.ts', 'dist/index.d.cts'];
  if (folder === 'worker') expected.push('dist/thread.cjs');
  for (const file of ['README.md', 'CHANGELOG.md', 'LICENSE', 'package.json', ...expected]) {
    if (!files.includes(file)) throw new Error(`${manifest.name} lacks ${file}`);
  }
  const foreign = files.filter((/** @type {string} */ file) => /^(src|test)\//.test(file));
  if (foreign.length > 0) throw new Error(`${manifest.name} ships ${foreign.join(', ')}`);
  console.log(`packed   ${manifest.name}: ${files.length} files, ${(packed.size / 1024).toFixed(0)} KiB`);
}

/**
 * A package and all of ours that it needs.
 * @param {string} name
 * @returns {string[]}
 */
function closure(name) {
  const needed = packages.get(name)?.dependencies.filter((other) => other.startsWith('@majordomo/')) ?? [];
  return [...new Set([name, ...needed.flatMap((other) => closure(other.replace('@majordomo/', '')))])];
}

/**
 * @param {string} project
 * @param {string[]} names
 * @param {string[]} others
 */
function install(project, names, ...others) {
  const directory = join(scratch, project);
  mkdirSync(directory);
  writeFileSync(join(directory, 'package.json'), JSON.stringify({ name: project, private: true }));
  const wanted = [...new Set(names.flatMap(closure))];
  const tarballs = wanted.map((name) => String(packages.get(name)?.tarball));
  run(directory, 'npm', 'install', '--no-audit', '--no-fund', '--loglevel=error', ...tarballs, ...others);
  return directory;
}

const alone = install('client-alone', ['client']);
const brought = readdirSync(join(alone, 'node_modules'))
  .filter((name) => !name.startsWith('.'))
  .flatMap((name) =>
    name.startsWith('@')
      ? readdirSync(join(alone, 'node_modules', name)).map((inner) => `${name}/${inner}`)
      : [name],
  );
// zeromq itself needs cmake-ts and node-addon-api.
const allowed = [
  '@majordomo/client',
  '@majordomo/protocol',
  '@majordomo/transport',
  'zeromq',
  'zod',
  'cmake-ts',
  'node-addon-api',
];
const surplus = brought.filter((name) => !allowed.includes(name));
if (surplus.length > 0) throw new Error(`@majordomo/client brings ${surplus.join(', ')}`);
console.log(`alone    @majordomo/client brings ${brought.join(', ')}`);

const useAll = `
const broker = new Broker({ bind: 'tcp://127.0.0.1:0' });
await broker.start();
const brokers = broker.endpoints[0];
const worker = new Worker('echo', ({ body }) => body, { brokers });
await worker.start();
const client = new Client({ brokers });
const reply = await client.request('echo', 'hello', { timeoutMs: 10_000 });
if (reply.text() !== 'hello') throw new Error('no echo');
client.close();
await worker.close();
await broker.close();
`;
const names = { Broker: 'broker', Client: 'client', Worker: 'worker' };
const imports = Object.entries(names)
  .map(([name, from]) => `import { ${name} } from '@majordomo/${from}';\n`)
  .join('');
const requires = Object.entries(names)
  .map(([name, from]) => `const { ${name} } = require('@majordomo/${from}');\n`)
  .join('');

const all = install('all', ['broker', 'client', 'worker', 'cli'], 'typescript@5.9.3', '@types/node@20');
writeFileSync(join(all, 'esm.mjs'), imports + useAll);
writeFileSync(
  join(all, 'cjs.cjs'),
  `${requires}(async () => {${useAll}})().catch((error) => { console.error(error); process.exit(1); });\n`,
);
run(all, process.execPath, 'esm.mjs');
console.log('ran      a request from ESM');
run(all, process.execPath, 'cjs.cjs');
console.log('ran      a request from CommonJS');

/** @type {[file: string, module: string, moduleResolution: string][]} */
const projects = [
  ['node16.mts', 'node16', 'node16'],
  ['node16.cts', 'node16', 'node16'],
  ['bundler.ts', 'esnext', 'bundler'],
];
for (const [file, module, moduleResolution] of projects) {
  const source = file.endsWith('.cts')
    ? `${imports}async function main(): Promise<void> {${useAll}}\nvoid main();\n`
    : imports + useAll;
  writeFileSync(join(all, file), source.replace('endpoints[0]', 'endpoints[0]!'));
  const options = {
    strict: true,
    noEmit: true,
    target: 'es2022',
    lib: ['es2022', 'esnext.disposable'],
    types: ['node'],
    skipLibCheck: false,
    module,
    moduleResolution,
  };
  writeFileSync(join(all, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files: [file] }));
  run(all, join(all, 'node_modules/.bin/tsc'), '-p', '.');
  console.log(`typed    ${file} under ${moduleResolution}, library types checked`);
}

const command = join(all, 'node_modules/.bin/majordomo');
const broker = spawn(command, ['broker', '--bind', 'tcp://127.0.0.1:0'], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
const [line] = await once(broker.stdout, 'data');
const endpoint = String(line).trim().replace(/^.* /, '');
run(all, command, 'ping', '--broker', endpoint);
broker.kill('SIGTERM');
const [code] = await once(broker, 'exit');
if (code !== 0) throw new Error(`majordomo broker ended with ${code} after SIGTERM`);
console.log('ran      majordomo broker and ping from the installed command');
