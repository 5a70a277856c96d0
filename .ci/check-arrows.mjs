// Holds the lint rules to what docs/ARCHITECTURE.md says of them: each of these lines must be refused where it
// stands, and each of the last ones taken.
import { ESLint } from 'eslint';

const refused = [
  ['broker/src/core', "import '../shell/options';"],
  ['broker/src/core/access', "import '../../shell/options';"],
  ['broker/src/core/access', "import 'node:crypto';"],
  ['broker/src/core', "import 'node:fs';"],
  ['broker/src/core', "import 'fs';"],
  ['broker/src/core', "import 'zeromq';"],
  ['broker/src/core', "import '@majordomo/transport';"],
  ['broker/src/core', 'Date.now();'],
  ['broker/src/core', 'new Date();'],
  ['broker/src/core', 'Math.random();'],
  ['broker/src/core', 'performance.now();'],
  ['broker/src/core', 'setTimeout(() => 1, 1);'],
  ['broker/src/core', 'globalThis.setTimeout(() => 1, 1);'],
  ['client/src/core', "import '@majordomo/transport';"],
  ['worker/src/core', 'setInterval(() => 1, 1);'],
  ['broker/src/shell', "import 'zeromq';"],
  ['broker/src', "import '@majordomo/client';"],
  ['broker/src/visibility', "import '@majordomo/titanic';"],
  ['client/src', "import '@majordomo/worker';"],
  ['client/src', "import '../../worker/src/index';"],
  ['client/src', "import '@majordomo/protocol/src/index';"],
  ['worker/src', "import '@majordomo/broker';"],
  ['titanic/src', "import '@majordomo/broker';"],
  ['titanic/src/core', "import '../store/store';"],
  ['titanic/src/core', 'Date.now();'],
  ['transport/src', "import '@majordomo/broker';"],
  ['protocol/src', "import '@majordomo/transport';"],
  ['protocol/src', "import 'node:path';"],
  ['protocol/src', 'setTimeout(() => 1, 1);'],
  ['contracts/src', "import '@majordomo/client';"],
  ['contracts/src', "import '@majordomo/worker';"],
  ['client/src', "import '@majordomo/contracts';"],
  ['testing/src', "import '@majordomo/transport';"],
  ['testing/src', "import '@majordomo/testkit';"],
  ['testing/src', "import 'zeromq';"],
  ['testkit/src', "import '@majordomo/protocol';"],
  ['reliability/src/sim', "import '../../../broker/src/shell/broker';"],
  ['reliability/src/sim', "import '../../../client/src/client';"],
  ['reliability/src/sim', "import '@majordomo/broker';"],
  ['reliability/src/sim', "import 'zeromq';"],
  ['reliability/src/sim', 'Math.random();'],
  ['reliability/src/sim/checks', 'Date.now();'],
  ['reliability/src/fuzz', "import '../../../broker/src/core/broker-core';"],
];
const taken = [
  ['broker/src/core', "import '@majordomo/protocol';"],
  ['broker/src/core/access', "import '../records';"],
  ['broker/src/shell', "import '@majordomo/transport';"],
  ['broker/src/shell', "import '../core/broker-core';"],
  ['transport/src', "import 'zeromq';"],
  ['cli/src', "import '@majordomo/broker';"],
  ['contracts/src', "import '@majordomo/protocol';"],
  ['cli/src', "import '@majordomo/contracts';"],
  ['reliability/src/sim', "import '../../../broker/src/core/broker-core';"],
  ['reliability/src/sim', "import '../../../broker/src/shell/inbound';"],
  ['reliability/src/sim/checks', "import '../../../../client/src/core/call';"],
  ['reliability/src', "import '@majordomo/broker';"],
  ['testing/src', "import '@majordomo/broker';"],
  ['titanic/src/service', "import '@majordomo/worker';"],
];

// The rules that matter here need no types, and files that do not exist have none.
const eslint = new ESLint({
  overrideConfig: [
    { files: ['**/*.ts'], languageOptions: { parserOptions: { projectService: false, project: false } } },
    {
      files: ['**/*.ts'],
      rules: {
        '@typescript-eslint/no-floating-promises': 'off',
        '@typescript-eslint/no-misused-promises': 'off',
        '@typescript-eslint/switch-exhaustiveness-check': 'off',
        '@typescript-eslint/no-unnecessary-type-assertion': 'off',
      },
    },
  ],
});

/**
 * @param {string} folder
 * @param {string} line
 */
async function complaints(folder, line) {
  const [result] = await eslint.lintText(`${line}\n`, { filePath: `packages/${folder}/no-such-file.ts` });
  return (result?.messages ?? []).filter(({ ruleId }) => ruleId?.startsWith('no-restricted'));
}

let wrong = 0;
for (const [cases, expected] of /** @type {const} */ ([
  [refused, true],
  [taken, false],
])) {
  for (const [folder, line] of cases) {
    if ((await complaints(String(folder), String(line))).length > 0 === expected) continue;
    wrong++;
    console.error(`packages/${folder}: ${expected ? 'should refuse' : 'should take'} ${line}`);
  }
}
console.log(`arrows   ${refused.length + taken.length - wrong} of ${refused.length + taken.length} hold`);
process.exitCode = wrong === 0 ? 0 : 1;
