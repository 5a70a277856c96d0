// Ten posts for the same moment: one is edited, one moved, one taken back. Titanic is killed and started again before
// they are due. Then they appear, five a second. Ends when the page says what it should, and fails where it does not.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Broker } from '@majordomo/broker';
import { TitanicClient } from '@majordomo/titanic';

const POSTS = 10;
/** How long before the posts are due, and how much later the one that is moved, in ms. */
const AHEAD_MS = 2_500;
const LATER_MS = 1_000;
/** Between two posts, at five a second, in ms. */
const PACE_MS = 200;

const broker = new Broker({ bind: 'tcp://127.0.0.1:0' });
await broker.start();
const endpoint = String(broker.endpoints[0]);
const folder = await mkdtemp(join(tmpdir(), 'majordomo-scheduler-'));
const page = join(folder, 'page.jsonl');

/**
 * Starts one of the programs beside this one; resolves once it serves.
 * @param {string} script
 * @param {string} argument
 */
async function start(script, argument) {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const program = spawn(process.execPath, [path, endpoint, argument], { stdio: 'inherit' });
  process.once('exit', () => program.kill());
  await once(broker, 'workerRegistered');
  return program;
}

const publisher = await start('./publisher.mjs', page);
let titanic = await start('./titanic.mjs', join(folder, 'requests.db'));
const posts = new TitanicClient({ brokers: endpoint, timeoutMs: 30_000 });

const dueAt = Date.now() + AHEAD_MS;
/** The requests that are to be delivered, by the text that should appear. */
const scheduled = new Map();
for (let n = 1; n <= POSTS; n++) {
  const text = `post ${n}`;
  const { id } = await posts.submit('publish', text, { at: dueAt, key: text });
  scheduled.set(text, id);
}
// A button that is pressed twice: the same key is the same post.
const again = await posts.submit('publish', 'post 1', { at: dueAt, key: 'post 1' });
console.log(
  `${POSTS} posts for ${new Date(dueAt).toISOString()}; post 1 once more: duplicate ${again.duplicate}`,
);

const edited = scheduled.get('post 2');
await posts.edit(edited, {}, 'post 2, corrected');
scheduled.delete('post 2');
scheduled.set('post 2, corrected', edited);
await posts.reschedule(scheduled.get('post 3'), { at: dueAt + LATER_MS });
const cancelled = await posts.cancel(scheduled.get('post 4'));
scheduled.delete('post 4');
console.log(`post 2 is corrected, post 3 comes ${LATER_MS / 1_000} s later, post 4 is ${cancelled.state}`);

titanic.kill('SIGKILL');
await once(titanic, 'exit');
titanic = await start('./titanic.mjs', join(folder, 'requests.db'));
const { requests } = await posts.list({ service: 'publish' });
const waiting = requests.filter(({ state }) => state === 'scheduled');
console.log(`titanic was killed and is back: ${requests.length} posts, ${waiting.length} scheduled`);

await Promise.all([...scheduled.values()].map((id) => posts.wait(id, { timeoutMs: 30_000 })));
const published = (await readFile(page, 'utf8'))
  .trim()
  .split('\n')
  .map((line) => /** @type {{ text: string, at: number }} */ (JSON.parse(line)));
for (const { text, at } of published) console.log(`  ${text.padEnd(18)} ${at - dueAt} ms after the moment`);
const tooLate = await posts.cancel(scheduled.get('post 1')).catch((error) => error.code);
console.log(`post 1 cannot be taken back any more: ${tooLate}`);

/** What must be true of the page. */
const checks = {
  'each post appeared once, as it was edited':
    published
      .map(({ text }) => text)
      .sort()
      .join() === [...scheduled.keys()].sort().join(),
  'none came before its time': published.every(
    ({ text, at }) => at >= dueAt + (text === 'post 3' ? LATER_MS : 0),
  ),
  'no more than five came in a second': published.every(({ at }, n) => at >= dueAt + n * PACE_MS),
  'a key is one post': again.duplicate && again.id === scheduled.get('post 1'),
  'who was killed had lost nothing': requests.length === POSTS,
  'what has appeared stays': tooLate === 'REQUEST_TAKEN',
};
for (const [check, holds] of Object.entries(checks)) if (!holds) console.error(`WRONG: ${check}`);
process.exitCode = Object.values(checks).every(Boolean) ? 0 : 1;

posts.disconnect();
for (const program of [titanic, publisher]) {
  program.kill('SIGTERM');
  await once(program, 'exit');
}
await broker.close();
await rm(folder, { recursive: true });
