import { writeSync } from 'node:fs';
import { Engine } from '../../src/store/sqlite/engine';
import { SCRIPT, take, watchStatements } from './engine-script';

const [, , file, killAt] = process.argv;
let left = Number(killAt);

Math.random = () => 0.5;
watchStatements(() => {
  if (--left === 0) process.kill(process.pid, 'SIGKILL');
});

const engine = new Engine({ file: file!, requestsMax: 1_000, fileBytesMax: undefined });
for (const [index, step] of SCRIPT.entries()) {
  take(engine, step);
  writeSync(1, `${index + 1} done\n`);
}
writeSync(1, `${Number(killAt) - left} statements\n`);
engine.close();
