import { builtinModules } from 'node:module';
import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/**
 * What a package may import of the house; the arrows of docs/ARCHITECTURE.md, downwards only.
 * @type {Record<string, string[]>}
 */
const ARROWS = {
  protocol: [],
  transport: ['protocol'],
  broker: ['transport', 'protocol'],
  client: ['transport', 'protocol'],
  worker: ['transport', 'protocol'],
  contracts: ['protocol'],
  titanic: ['client', 'worker', 'protocol'],
  testing: ['broker', 'client', 'worker', 'protocol'],
  cli: ['broker', 'client', 'worker', 'titanic', 'contracts', 'protocol'],
  testkit: [],
  bench: ['broker', 'client', 'worker', 'titanic', 'protocol', 'testkit'],
  reliability: ['broker', 'client', 'worker', 'titanic', 'protocol', 'testkit'],
};

const deepImports = {
  regex: String.raw`^@majordomo/[a-z]+/|(^|/)\.\./.*/src(/|$)|packages/`,
  message: 'Packages are closed: import from their index.',
};
const outside = 'A core knows nothing of what runs it.';
const shells = { regex: String.raw`^\.\./`, message: outside };
/** The same from a folder within a core. */
const shellsFromWithin = { regex: String.raw`^\.\./\.\./`, message: outside };
const zeromq = {
  regex: '^zeromq(/|$)',
  message: 'Only transport, testkit, bench and reliability know ZeroMQ.',
};
const node = {
  regex: `^(node:|(${builtinModules.join('|')})(/|$))`,
  message: 'This room has no platform: hand it in.',
};

/** @param {string} name */
const forbidden = (name) =>
  Object.keys(ARROWS)
    .filter((other) => !ARROWS[name]?.includes(other))
    .map((other) => `@majordomo/${other}`);

/**
 * @param {object[]} patterns
 * @returns {import('eslint').Linter.RulesRecord}
 */
const imports = (...patterns) => ({ 'no-restricted-imports': ['error', { patterns }] });

/** Clock, timers and randomness are handed in to whatever is to be simulated. */
const IMPURE_GLOBALS = [
  'performance',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'crypto',
  'process',
  'Buffer',
  'globalThis',
  'global',
].map((name) => ({
  name,
  message: 'There are no clock, timers, randomness or platform here: hand them in.',
}));

const IMPURE_PROPERTIES = [
  { object: 'Date', property: 'now', message: 'There is no clock here: take `now`.' },
  { object: 'Math', property: 'random', message: 'There is no randomness here: hand it in.' },
];

const arrows = Object.keys(ARROWS).map((name) => ({
  files: [`packages/${name}/src/**/*.ts`],
  rules: imports(
    { group: forbidden(name), message: `No arrow leads there from ${name} (docs/ARCHITECTURE.md).` },
    deepImports,
    ...(['transport', 'testkit', 'bench', 'reliability'].includes(name) ? [] : [zeromq]),
    ...(name === 'protocol' ? [node] : []),
  ),
}));

/** @type {import('eslint').Linter.RulesRecord} */
const pure = {
  'no-restricted-globals': ['error', ...IMPURE_GLOBALS],
  'no-restricted-properties': ['error', ...IMPURE_PROPERTIES],
  'no-restricted-syntax': [
    'error',
    { selector: 'NewExpression[callee.name="Date"]', message: 'There is no clock here: take `now`.' },
  ],
};

/** For those who are no part of what is simulated. @type {import('eslint').Linter.RulesRecord} */
const platform = Object.fromEntries(Object.keys(pure).map((rule) => [rule, 'off']));

/** @type {import('eslint').Linter.Config[]} */
const cores = ['broker', 'client', 'worker', 'titanic'].flatMap((name) => {
  /** @param {object} leaving */
  const rules = (leaving) => ({
    ...imports(
      {
        group: [...new Set([...forbidden(name), '@majordomo/transport'])],
        message: 'A core knows protocol only.',
      },
      deepImports,
      leaving,
      zeromq,
      node,
    ),
    ...pure,
  });
  return [
    { files: [`packages/${name}/src/core/**/*.ts`], rules: rules(shells) },
    { files: [`packages/${name}/src/core/*/**/*.ts`], rules: rules(shellsFromWithin) },
  ];
});

/** What shells have that is as pure as a core. */
const PURE_SHELLS = [
  'broker/src/shell/clock',
  'broker/src/shell/inbound',
  'broker/src/shell/packed-peers',
  'client/src/packed-wire',
  'client/src/wire',
];

/** The simulation runs cores, and what is as pure, as they are in their sources. */
const simulation = {
  files: ['packages/reliability/src/sim/**/*.ts'],
  rules: {
    ...imports(
      {
        group: [...forbidden('reliability'), '@majordomo/broker', '@majordomo/client', '@majordomo/worker'],
        message: 'The simulation knows cores and protocol.',
      },
      {
        regex: String.raw`^@majordomo/[a-z]+/|(^|/)\.\./(?!(\.\./)*((broker|client|worker)/src/core/|(${PURE_SHELLS.join('|')})$)).*/src(/|$)|packages/`,
        message: 'Packages are closed, but for their cores.',
      },
      zeromq,
    ),
    ...pure,
  },
};

export default tseslint.config(
  { ignores: ['**/dist', '**/coverage', '**/node_modules', '.nx', 'site'] },
  js.configs.recommended,
  ...tseslint.configs.strict,
  ...tseslint.configs.stylistic,
  {
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-invalid-void-type': 'off',
      'no-console': 'error',
      eqeqeq: 'error',
    },
  },
  {
    files: ['packages/*/src/**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-unnecessary-type-assertion': 'error',
    },
  },
  ...arrows,
  { files: ['packages/protocol/src/**/*.ts'], rules: pure },
  ...cores,
  simulation,
  { files: PURE_SHELLS.map((path) => `packages/${path}.ts`), rules: pure },
  { files: ['packages/reliability/src/sim/mutants/**/*.ts'], rules: platform },
  {
    // Scripts may print; the type check knows their globals.
    files: ['examples/**/*.mjs', '*.mjs', '.ci/**/*.mjs', 'packages/*/test/**'],
    rules: { 'no-console': 'off', 'no-undef': 'off' },
  },
  {
    // Nest's modules are classes with nothing in them.
    files: ['examples/nestjs/**'],
    rules: { '@typescript-eslint/no-extraneous-class': 'off' },
  },
);
