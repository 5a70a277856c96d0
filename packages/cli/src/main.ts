#!/usr/bin/env node
import { EXIT } from './exit';
import { complain } from './output';
import { runProgram } from './program';

// Complaints that nobody reads must not turn one exit code into another.
process.stderr.on('error', () => undefined);
// A reader that leaves early, as `head` does, is no error, not even of the help. A full disk is one, but nothing to die of
// in the middle of what a server does.
process.stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
  if (code === 'EPIPE') return;
  complain(`standard output cannot be written: ${message}`);
  process.on('exit', () => (process.exitCode ||= EXIT.failure));
});
// Set and not exited with: what was written still leaves, and every command closes what it opened.
process.exitCode = await runProgram(process.argv.slice(2));
