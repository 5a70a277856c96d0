import {
  closeAllSockets,
  eventually,
  leakCheck,
  RawClient01,
  RawClient02,
  type RawClient,
} from '@majordomo/testkit';
import { join } from 'node:path';
import { openSqlite, scratchFolder, sweep } from './support/scratch';
import { closeAll, newBroker, newTitanic, newWorker } from './support/service';

leakCheck();
afterEach(closeAllSockets);
afterEach(closeAll);
afterEach(sweep);

const text = (frames: readonly Uint8Array[]): string[] =>
  frames.map((frame) => Buffer.from(frame).toString());

/** Asks as a plain client of either RFC does. */
type Ask = (service: string, ...body: (string | Buffer)[]) => Promise<string[]>;

const asking =
  (client: RawClient): Ask =>
  async (service, ...body) =>
    text(await client.ask(service, ...body));

const dialects: [string, (endpoint: string) => Ask][] = [
  ['RFC 7', (endpoint) => asking(new RawClient01(endpoint))],
  ['RFC 18', (endpoint) => asking(new RawClient02(endpoint))],
];

describe.each(dialects)('a plain client of %s', (_, connect) => {
  let ask: Ask;
  let endpoint: string;

  beforeEach(async () => {
    endpoint = await newBroker();
    await newTitanic(endpoint);
    ask = connect(endpoint);
  });

  test('titanic.request, titanic.reply, titanic.close', async () => {
    const [status, id] = await ask('titanic.request', 'echo', 'one', '', 'three');
    expect(status).toBe('200');
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect(await ask('titanic.reply', id!)).toEqual(['300']);

    await newWorker('echo', ({ body }) => body, { brokers: endpoint });
    const reply = await eventually(async () => {
      const answer = await ask('titanic.reply', id!);
      return answer[0] === '300' ? undefined : answer;
    });
    expect(reply).toEqual(['200', 'one', '', 'three']);
    // It is not deleted by being read, and the case of the digits does not matter.
    expect(await ask('titanic.reply', id!.toUpperCase())).toEqual(reply);

    expect(await ask('titanic.close', id!)).toEqual(['200']);
    expect(await ask('titanic.reply', id!)).toEqual(['400']);
    expect(await ask('titanic.close', id!)).toEqual(['200']);
  });

  test.each([
    ['empty', ''],
    ['too short', 'a'.repeat(31)],
    ['too long', 'a'.repeat(33)],
    ['a path', '../../../../etc/passwd'],
    ['a path of 32 characters', '../../../../../../../etc/passwd0'],
    ['a query', "' OR '1'='1' --                 "],
    ['no hex', 'g'.repeat(32)],
    ['with dashes', '123e4567-e89b-12d3-a456-426614174000'],
    ['bytes', Buffer.alloc(32, 0xff)],
    ['digits of another script', '٣'.repeat(32)],
  ])('what is no UUID is 400: %s', async (_name, id) => {
    expect(await ask('titanic.reply', id)).toEqual(['400']);
    expect(await ask('titanic.close', id)).toEqual(['400']);
  });

  test('a UUID that there is not is 400 for its reply, and 200 when it is closed', async () => {
    const unknown = '0'.repeat(32);
    expect(await ask('titanic.reply', unknown)).toEqual(['400']);
    expect(await ask('titanic.close', unknown)).toEqual(['200']);
    expect(await ask('titanic.reply', unknown, 'and more')).toEqual(['400']);
  });

  test.each([
    ['without a body', ['echo']],
    ['without a service', ['', 'hello']],
    ['to titanic itself', ['titanic.request', 'echo', 'hello']],
    ['to the broker', ['mmi.service', 'echo']],
    ['to what is no name', ['a\nb', 'hello']],
  ])('a request %s is 400', async (_name, body) => {
    const [status, ...rest] = await ask('titanic.request', ...body);
    expect(status).toMatch(/^400( |$)/);
    expect(rest).toEqual([]);
  });
});

test('a store that takes nothing is 500, and nothing is answered 200 that is not on disk', async () => {
  const endpoint = await newBroker();
  const store = await openSqlite({ file: join(scratchFolder(), 'requests.db'), requestsMax: 1 });
  await newTitanic(endpoint, { store });
  const ask = asking(new RawClient02(endpoint));
  const answers = [await ask('titanic.request', 'echo', 'fits'), await ask('titanic.request', 'echo', 'no')];
  expect(answers[0]![0]).toBe('200');
  expect(answers[1]![0]).toMatch(/^500( |$)/);
  expect(answers[1]).toHaveLength(1);
});
