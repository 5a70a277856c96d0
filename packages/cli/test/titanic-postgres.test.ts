import {
  killAllProcesses,
  leakCheck,
  postgresBinaries,
  startPostgres,
  type PrivatePostgres,
  type RunningProcess,
} from '@majordomo/testkit';
import { ask, majordomo, removeFiles, start, startBroker, startWorker } from './majordomo';

const binaries = postgresBinaries();

if (!binaries) {
  test('titanics on PostgreSQL', () => {
    console.log('skipped: PostgreSQL is not installed (apt-get install postgresql)');
  });
} else {
  let postgres: PrivatePostgres;
  beforeAll(async () => {
    postgres = await startPostgres(binaries);
  }, 120_000);
  afterAll(() => postgres.stop());

  leakCheck();
  afterEach(killAllProcesses);
  afterEach(removeFiles);

  /** The database with a password that no line of output may show; the server asks for none. */
  const urlWithPassword = (): string => postgres.url.replace('titanic@', 'titanic:hush-hush@');

  const startTitanic = async (endpoint: string, ...args: string[]): Promise<RunningProcess> => {
    const env = { MAJORDOMO_STORE: urlWithPassword() };
    const titanic = start(['titanic', '--broker', endpoint, '--lease-ms', '1000', ...args], { env });
    await titanic.waitForLine(`majordomo titanic registered with ${endpoint}`);
    return titanic;
  };

  test('two titanics share one database, and one goes on alone with what the other had', async () => {
    const { endpoint } = await startBroker();
    const [one, two] = await Promise.all([startTitanic(endpoint), startTitanic(endpoint)]);
    expect(one.stdout).toMatch(
      /^majordomo titanic keeps requests in postgres:\/\/\*\*\*@127\.0\.0\.1:\d+\/postgres/m,
    );
    const input = '{"body":"x"}\n'.repeat(200);
    const many = await majordomo(['submit', 'echo', '--json-lines', '--broker', endpoint], { input });
    expect(many.code).toBe(0);
    one.kill('SIGKILL');
    await one.exit;
    await startWorker(endpoint, ['echo', '--echo', '--concurrency', '16']);
    for (const id of many.stdout.trim().split('\n').slice(-2)) {
      expect(await ask(endpoint, 'result', id, '--wait', '--wait-max', '20s')).toBe('x');
    }
    two.kill();
    expect(await two.exit).toEqual({ code: 0, signal: null });
    for (const { stdout, stderr } of [one, two]) expect(stdout + stderr).not.toContain('hush-hush');
  });

  test('a setting of SQLite is refused, and the password is not shown', async () => {
    const { code, stderr } = await majordomo([
      ...['titanic', '--store', urlWithPassword(), '--store-file-bytes-max', '2000000'],
    ]);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^majordomo: --store-file-bytes-max is for SQLite, and the store is postgres:\/\/\*\*\*@.*\n$/,
    );
  });
}
