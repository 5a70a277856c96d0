import { runProgram } from './program';
import { killAll } from './processes/child-process';

// No child outlives a run, however it ends; those who are asked to end have nothing to save.
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const) {
  process.once(signal, () => {
    killAll();
    process.exit(code);
  });
}

process.exitCode = await runProgram(process.argv.slice(2));
