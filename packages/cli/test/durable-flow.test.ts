import { writeFile } from 'node:fs/promises';
import { eventually, killAllProcesses, leakCheck } from '@majordomo/testkit';
import { TitanicClient } from '@majordomo/titanic';
import { ask, majordomo, removeFiles, start, startUp, startWorker, unusedPath } from './majordomo';

leakCheck();
afterEach(killAllProcesses);
afterEach(removeFiles);
afterEach(() => {
  for (const client of clients.splice(0)) client.disconnect();
});

/** Processes are slow to start where much else runs. */
const PATIENCE_MS = 60_000;

const ID = /^[0-9a-f]{32}$/;

const clients: TitanicClient[] = [];

/** Asks without the command; for what is only to be waited for. */
function connect(endpoint: string): TitanicClient {
  const client = new TitanicClient({ brokers: endpoint });
  clients.push(client);
  return client;
}

test(
  'waiting ends when it is told to, and the request goes on; progress is kept apart from the reply',
  async () => {
    const { endpoint } = await startUp();
    const go = await unusedPath('go');
    const script = `echo '40 %'; until [ -e ${go} ]; do sleep 0.05; done; echo '80 %'`;
    await startWorker(endpoint, ['slow', '--lines', '--', 'sh', '-c', script]);
    const submit = [
      'submit',
      'slow',
      'x',
      '--progress',
      '--wait',
      '--wait-max',
      '300ms',
      '--broker',
      endpoint,
    ];
    const { code, stdout, stderr } = await majordomo(submit);
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    const [, id = ''] =
      /^majordomo: request (\w+) has no reply after 300 ms; it goes on: majordomo result \1 --wait\n$/.exec(
        stderr,
      ) ?? [];
    expect(id).toMatch(ID);
    const titanic = connect(endpoint);
    await eventually(async () => (await titanic.status(id)).progress?.trim() === '40 %', {
      timeoutMs: 15_000,
    });
    const waiting = start(['result', id, '--wait', '--json', '--broker', endpoint]);
    await writeFile(go, '');
    expect(await waiting.exit).toEqual({ code: 0, signal: null });
    expect(JSON.parse(waiting.stdout)).toMatchObject({ id, state: 'done', frames: [''] });
  },
  PATIENCE_MS,
);

test(
  'many are submitted from lines of JSON; the first that does not fit ends it, and says where',
  async () => {
    const { endpoint } = await startUp();
    const lines = Array.from({ length: 1_200 }, (_, at) =>
      JSON.stringify({ body: `${at}`, key: `${at % 1_000}` }),
    );
    const submit = (input: string, ...args: string[]) =>
      majordomo(['submit', 'later', '--in', '1d', '--json-lines', '--broker', endpoint, ...args], { input });
    const many = await submit(`${lines.join('\n')}\n\n`);
    expect(many).toMatchObject({
      code: 0,
      stderr: 'majordomo: 1,200 requests submitted, 200 of which were there before\n',
    });
    const ids = many.stdout.trimEnd().split('\n');
    expect([ids.length, new Set(ids).size]).toEqual([1_200, 1_000]);
    const counts = await ask(endpoint, 'list', '--counts');
    expect(counts).toMatch(/^later +1,000 +0 +0 +0 +0 +0 +[\d,]+$/m);

    const bad = await submit(`${'{"body":"x"}\n'.repeat(600)}{"body":"x","ttlMs":"1h"}\n`, '--json');
    expect(bad.code).toBe(2);
    expect(bad.stderr).toMatch(
      /^majordomo: line 601: ttlMs: .*; 500 requests before are submitted, no other is\n$/,
    );
    const printed = bad.stdout.trimEnd().split('\n');
    expect(printed).toHaveLength(500);
    expect(JSON.parse(printed[0]!)).toEqual({ id: expect.stringMatching(ID), duplicate: false });
  },
  PATIENCE_MS,
);

test(
  'dead letters are listed, shown, tried again and removed',
  async () => {
    const { endpoint } = await startUp();
    const mended = await unusedPath('mended');
    await startWorker(endpoint, ['mail', '--', 'sh', '-c', `test -e ${mended} && cat`]);
    const titanic = connect(endpoint);
    const ids: string[] = [];
    for (const body of ['a', 'b', 'c']) ids.push((await titanic.submit('mail', body)).id);
    const dead = async () => (await titanic.dead.list()).requests.length;
    await eventually(async () => (await dead()) === 3);
    expect(await ask(endpoint, 'dead', 'list')).toMatch(
      new RegExp(`^${ids[0]} +mail .* COMMAND_FAILED: The command ended with code 1\\.$`, 'm'),
    );
    const shown = await ask(endpoint, 'dead', 'show', ids[0]!);
    expect(shown).toMatch(/^last error {4}COMMAND_FAILED: The command ended with code 1\.$/m);
    expect(shown).toMatch(/\n\na$/);
    expect(JSON.parse(await ask(endpoint, 'dead', 'show', ids[1]!, '--json'))).toMatchObject({
      id: ids[1],
      error: { workerCode: 'COMMAND_FAILED' },
      body: ['b'],
    });
    await writeFile(mended, '');
    expect(await ask(endpoint, 'dead', 'retry', ids[0]!)).toBe('1 dead letter to be tried again');
    expect(await ask(endpoint, 'result', ids[0]!, '--wait')).toBe('a');
    expect(await ask(endpoint, 'dead', 'purge', '--service', 'sms')).toBe('0 dead letters removed');
    expect(JSON.parse(await ask(endpoint, 'dead', 'purge', '--service', 'mail', '--json'))).toEqual({
      count: 2,
    });
    expect(await dead()).toBe(0);
  },
  PATIENCE_MS,
);
