import { readFile, writeFile } from 'node:fs/promises';
import { killAllProcesses, leakCheck } from '@majordomo/testkit';
import { ask, fileWith, majordomo, removeFiles, startUp, unusedPath } from './majordomo';

leakCheck();
afterEach(killAllProcesses);
afterEach(removeFiles);

test('a file with something else in it is refused, and left as it is; nothing was bound', async () => {
  const file = await fileWith('diary.db', 'dear diary');
  const { code, stdout, stderr } = await majordomo(['up', '--store', `sqlite:${file}`]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toBe(`majordomo: ${file} is no SQLite database; it was left as it is.\n`);
  expect(await readFile(file, 'utf8')).toBe('dear diary');
});

test('a file that is damaged is refused with a clear message', async () => {
  const { up, endpoint, file } = await startUp();
  await ask(endpoint, 'submit', 'nobody', 'x'.repeat(50_000));
  up.kill();
  await up.exit;
  const bytes = await readFile(file);
  bytes.fill(0xa5, 4_096, 4 * 4_096);
  await writeFile(file, bytes);
  const again = await majordomo(['titanic', '--store', `sqlite:${file}`, '--log-level', 'error']);
  expect(again).toMatchObject({ code: 1, stdout: '' });
  expect(again.stderr).toMatch(new RegExp(`^majordomo: ${file} is damaged .*: restore it from a copy\\.\n$`));
});

test('a file and a port that another has are said to be so, and everything is given back', async () => {
  const { endpoint, file } = await startUp();
  const local = ['--bind', 'tcp://127.0.0.1:0', '--http', '127.0.0.1:0', '--log-level', 'error'];
  const same = await majordomo(['up', ...local, '--store', `sqlite:${file}`]);
  expect(same).toMatchObject({ code: 1, stdout: '' });
  expect(same.stderr).toContain(`${file} is in use by another process`);
  const other = await unusedPath('other.db');
  const args = ['up', '--bind', endpoint, '--http', '127.0.0.1:0', '--store', `sqlite:${other}`];
  const taken = await majordomo([...args, '--log-level', 'error']);
  expect(taken).toMatchObject({ code: 1, stdout: '' });
  expect(taken.stderr).toBe(`majordomo: Cannot bind ${endpoint}: the address is already in use.\n`);
  await startUp([], other);
});
