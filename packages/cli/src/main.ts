#!/usr/bin/env node
import { runProgram } from './program';

// Complaints that nobody reads must not turn one exit code into another.
process.stderr.on('error', () => undefined);
// Set and not exited with: what was written still leaves, and every command closes what it opened.
process.exitCode = await runProgram(process.argv.slice(2));
