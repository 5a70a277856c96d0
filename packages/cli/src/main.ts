#!/usr/bin/env node
import { runProgram } from './program';

// Complaints that nobody reads must not turn one exit code into another.
process.stderr.on('error', () => undefined);
// A reader that leaves early, as `head` does, is no error, not even of the help.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});
// Set and not exited with: what was written still leaves, and every command closes what it opened.
process.exitCode = await runProgram(process.argv.slice(2));
