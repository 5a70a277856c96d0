import { runProcess } from '@majordomo/testkit';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(__dirname, '../../..');
const readme = readFileSync(join(root, 'packages/testing/README.md'), 'utf8');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'majordomo-testing-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The code blocks of the README that begin with the name of a file. */
function filesOf(markdown: string): Map<string, string> {
  const blocks = markdown.matchAll(/^```ts\n\/\/ (\S+)\n(.*?)^```$/gms);
  return new Map([...blocks].map(([, name = '', text = '']) => [name, text]));
}

/** What this repository's own configuration says, for tests elsewhere, and without its `forceExit`. */
function configuration(): object {
  const { resolve: find } = createRequire(__filename);
  const swc = [find('@swc/jest'), { jsc: { target: 'es2022', parser: { syntax: 'typescript' } } }];
  return {
    rootDir: folder,
    testEnvironment: 'node',
    cacheDirectory: join(folder, 'cache'),
    transform: { '/dashboard/(main\\.ts|.+\\.(css|html))$': join(root, '.jest/text.mjs'), '^.+\\.ts$': swc },
    moduleNameMapper: {
      '^(\\..+)\\?text$': '$1',
      '^@majordomo/([a-z]+)$': join(root, 'packages/$1/src/index.ts'),
    },
  };
}

test('the tests of the README pass, and Jest ends by itself', async () => {
  const files = filesOf(readme);
  expect([...files.keys()]).toEqual(['signup.ts', 'signup.test.ts']);
  for (const [name, text] of files) writeFileSync(join(folder, name), text);
  writeFileSync(join(folder, 'jest.config.json'), JSON.stringify(configuration()));
  const jest = join(root, 'node_modules/jest/bin/jest.js');
  const config = join(folder, 'jest.config.json');
  const { code, stderr } = await runProcess(process.execPath, [jest, '--config', config, '--runInBand'], {
    timeoutMs: 50_000,
  });
  const passed = [...stderr.matchAll(/✓ (.+?)( \(\d+ m?s\))?$/gm)].map(([, title]) => title);
  const promised = [...readme.matchAll(/^ {2}✓ (.+)$/gm)].map(([, title]) => title);
  expect(promised).toHaveLength(5);
  expect(passed).toEqual(promised);
  expect(stderr).not.toContain('did not exit');
  expect(code).toBe(0);
});
