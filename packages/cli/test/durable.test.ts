import { killAllProcesses, leakCheck } from '@majordomo/testkit';
import { ask, majordomo, removeFiles, startBroker, startUp, startWorker } from './majordomo';

leakCheck();
afterEach(killAllProcesses);
afterEach(removeFiles);

/** Processes are slow to start where much else runs. */
const PATIENCE_MS = 60_000;

const ID = /^[0-9a-f]{32}$/;

test(
  'a request is submitted, moved, changed, looked at, cancelled and closed until somebody works on it',
  async () => {
    const { endpoint } = await startUp();
    const id = await ask(
      endpoint,
      'submit',
      'mail',
      'Dear all',
      '--in',
      '1h',
      '--ttl',
      '1h',
      '--priority',
      '7',
    );
    expect(id).toMatch(ID);
    const submitted = JSON.parse(await ask(endpoint, 'status', id, '--json'));
    expect(submitted).toMatchObject({ id, service: 'mail', state: 'scheduled', attempts: 0, priority: 7 });
    expect(Math.abs(submitted.dueAt - submitted.submittedAt - 3_600_000)).toBeLessThan(60_000);
    expect(submitted.expiresAt - submitted.dueAt).toBe(3_600_000);

    expect(await ask(endpoint, 'reschedule', id, '--at', '2100-01-01T00:00Z')).toMatch(
      new RegExp(`^${id} is due at 2100-01-01T00:00:00Z \\(in \\d+ d`),
    );
    const edited = await ask(endpoint, 'edit', id, 'Dear both', '--ttl', 'none', '--priority', '1', '--json');
    expect(JSON.parse(edited)).toMatchObject({ priority: 1, dueAt: Date.UTC(2100, 0, 1) });
    expect(JSON.parse(edited)).not.toHaveProperty('expiresAt');
    const shown = await ask(endpoint, 'status', id);
    expect(shown).toMatch(/^state {9}scheduled$/m);
    expect(shown).toMatch(/^due {11}2100-01-01T00:00:00Z \(in \d+ d .*\)$/m);

    expect(await ask(endpoint, 'list', '--state', 'scheduled')).toContain(`\n${id} `);
    expect(await ask(endpoint, 'list', '--state', 'due')).not.toContain(id);

    const pending = await majordomo(['result', id, '--broker', endpoint]);
    expect(pending).toMatchObject({ code: 3, stdout: '' });
    expect(pending.stderr).toContain(`request ${id} has no reply yet, it is scheduled (--wait waits for it)`);

    const unknown = '0'.repeat(32);
    const both = await majordomo(['cancel', unknown, id, '--broker', endpoint]);
    expect(both).toMatchObject({ code: 4, stdout: `cancelled ${id}\n` });
    expect(both.stderr).toContain(`There is no request ${unknown}`);
    const gone = await majordomo(['result', id, '--json', '--broker', endpoint]);
    expect({ code: gone.code, ...JSON.parse(gone.stdout) }).toMatchObject({
      code: 4,
      id,
      state: 'cancelled',
    });
    expect(await ask(endpoint, 'close', id, '--json')).toBe(JSON.stringify({ id }));
    expect(await majordomo(['status', id, '--broker', endpoint])).toMatchObject({ code: 4, stdout: '' });
  },
  PATIENCE_MS,
);

test(
  'a reply is printed as request prints it; a key makes one of two',
  async () => {
    const { endpoint } = await startUp();
    await startWorker(endpoint, ['echo', '--echo']);
    const json = JSON.parse(await ask(endpoint, 'submit', 'echo', 'a', 'b', '--wait', '--json'));
    expect(json).toMatchObject({ state: 'done', service: 'echo', attempts: 1, frames: ['a', 'b'] });
    const { id } = json as { id: string };
    expect((await majordomo(['result', id, '--raw', '--broker', endpoint])).stdout).toBe('ab');
    const once = ['submit', 'echo', 'x', '--key', 'invoice-4711', '--json'];
    const first = JSON.parse(await ask(endpoint, ...once));
    const second = JSON.parse(await ask(endpoint, ...once));
    expect([first.duplicate, second]).toEqual([false, { id: first.id, duplicate: true }]);
    const schedule = await ask(
      endpoint,
      'submit',
      'echo',
      '--cron',
      '0 9 * * 1-5',
      '--timezone',
      'Europe/Berlin',
    );
    const table = await ask(endpoint, 'list');
    expect(table.split('\n')[0]).toMatch(/^ID +SERVICE +STATE +DUE +TRIES +PRIORITY +NOTE$/);
    expect(table).toMatch(new RegExp(`^${schedule} +echo +scheduled .* 0 9 \\* \\* 1-5 Europe/Berlin$`, 'm'));
    const page = JSON.parse(await ask(endpoint, 'list', '--limit', '2', '--json'));
    expect(page).toMatchObject({ requests: [{ id: schedule }, { id: first.id }], next: expect.any(String) });
    const rest = JSON.parse(await ask(endpoint, 'list', '--after', page.next, '--json'));
    expect(rest).toMatchObject({ requests: [{ id }] });
    expect(rest).not.toHaveProperty('next');
    const wrong = await majordomo(['submit', 'echo', 'x', '--cron', 'nonsense', '--broker', endpoint]);
    expect(wrong).toMatchObject({ code: 2, stdout: '' });
    expect(wrong.stderr).toContain('The schedule "nonsense" in "UTC" does not fit');
  },
  PATIENCE_MS,
);

test('where no titanic answers, it is said so, with what runs one: exit code 3', async () => {
  const { endpoint } = await startBroker();
  for (const [broker, why] of [
    [endpoint, ''],
    ['tcp://127.0.0.1:1', ' (connection refused or timed out)'],
  ] as const) {
    const { code, stdout, stderr } = await majordomo(['list', '--timeout-ms', '300', '--broker', broker]);
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toBe(
      `majordomo: no titanic answered at ${broker} within 300 ms${why}: majordomo titanic runs one, majordomo up a broker with one\n`,
    );
  }
});
