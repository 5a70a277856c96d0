// TypeScript as users have it: both module resolutions, strict, and the types of libraries checked as well.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commonJsTypeScript } from './forms.mjs';
import { run } from './processes.mjs';
import { ROOT } from './workspace.mjs';

const TSC = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');

/**
 * Two projects within a blank project, of the same program.
 * @param {string} source
 * @returns {{ name: string, files: Record<string, string>, options: object, outcome: string[] }[]} `outcome`: what can be
 *   run afterwards
 */
function settings(source) {
  return [
    {
      name: 'node16',
      files: { 'esm.mts': source, 'cjs.cts': commonJsTypeScript(source), 'package.json': '{}' },
      options: { module: 'node16', moduleResolution: 'node16' },
      outcome: ['esm.mjs', 'cjs.cjs'],
    },
    {
      name: 'bundler',
      files: { 'main.ts': source, 'package.json': '{ "type": "module" }' },
      options: { module: 'esnext', moduleResolution: 'bundler' },
      outcome: ['main.js'],
    },
  ];
}

/**
 * Compiles a program in a blank project.
 * @param {string} project
 * @param {string} source
 * @returns {Promise<string[]>} the programs that came of it, as paths in the project
 * @throws {Error} with what the compiler has to say
 */
export async function compile(project, source) {
  const projects = settings(source);
  for (const { name, files, options } of projects) {
    const folder = join(project, name);
    mkdirSync(folder);
    for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
    const compilerOptions = {
      strict: true,
      target: 'es2022',
      lib: ['es2022', 'esnext.disposable'],
      types: ['node'],
      skipLibCheck: false,
      ...options,
    };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions }));
  }
  // Built together, they share what they have read.
  await run(process.execPath, [TSC, '--build', ...projects.map(({ name }) => name)], { cwd: project });
  return projects.flatMap(({ name, outcome }) => outcome.map((file) => `${name}/${file}`));
}
