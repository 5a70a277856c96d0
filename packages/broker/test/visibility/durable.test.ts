import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { NoWorkerError } from '@majordomo/protocol';
import { closeAllSockets, leakCheck } from '@majordomo/testkit';
import { Broker } from '../../src/index';
import { closeBrokers } from '../wire/served';
import { DurableDouble, durable } from './durable-double';
import { addressOf, show, type Answer, type Shown } from './shown';

leakCheck();
afterEach(closeBrokers);
afterEach(closeAllSockets);

const TOKEN = 'a-token-of-sixteen-or-more';
const SAYS = { headers: { Authorization: `Bearer ${TOKEN}` } };
const ID = '0'.repeat(31) + '1';

const work = (): DurableDouble =>
  new DurableDouble([
    durable('1'),
    durable('2', { state: 'dead', attempts: 3, error: { code: 'TIMEOUT', message: 'no reply' } }),
    durable('3', { state: 'dead', service: 'sms' }),
  ]);

/** Sends an action. */
function act(
  { broker }: Shown,
  action: unknown,
  headers: Record<string, string> = SAYS.headers,
): Promise<Answer> {
  const body = typeof action === 'string' ? action : JSON.stringify(action);
  return new Promise((resolve, reject) => {
    request(
      `${addressOf(broker)}/durable/actions`,
      { method: 'POST', agent: false, headers: { 'Content-Type': 'application/json', ...headers } },
      (response) => {
        text(response).then(
          (said) => resolve({ status: response.statusCode ?? 0, headers: response.headers, text: said }),
          reject,
        );
      },
    )
      .once('error', reject)
      .end(body);
  });
}

test('without durable work there is no page of it, and no way to it', async () => {
  const shown = await show();
  for (const path of ['/durable', '/durable/stats', '/durable/requests'])
    expect((await shown.get(path)).status).toBe(404);
  expect((await act(shown, {})).status).toBe(405);
  expect((await shown.get('/')).text).not.toContain('durable');
});

test('with it, the page of the broker leads to that of durable work, and back', async () => {
  const { get } = await show({ durable: work() });
  expect((await get('/')).text).toContain('href="durable"');
  const page = await get('/durable');
  expect([page.status, page.text]).toEqual([200, expect.stringContaining('href="./"')]);
  const policy = page.headers['content-security-policy'];
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toBe((await get('/')).headers['content-security-policy']);
});

test('counts, pages and single requests are JSON', async () => {
  const double = work();
  const { get } = await show({ durable: double });
  const counts = JSON.parse((await get('/durable/stats')).text);
  expect(counts).toMatchObject({ actions: false, at: expect.any(Number) });
  expect(counts.services).toContainEqual({ service: 'mail', state: 'dead', requests: 1, bytes: 2_048 });
  const page = JSON.parse((await get('/durable/requests?state=dead&limit=1')).text);
  expect([page.requests.length, page.next]).toEqual([1, '1']);
  expect(double.queries).toEqual([{ state: 'dead', limit: 1 }]);
  await get('/durable/requests?idPrefix=00AB&service=sms&search=s&after=7');
  expect(double.queries[1]).toEqual({ idPrefix: '00ab', service: 'sms', search: 's', after: '7', limit: 50 });
  expect(JSON.parse((await get(`/durable/requests/${ID}`)).text)).toMatchObject({ id: ID, state: 'due' });
});

test.each([
  ['/durable/requests?state=alive', 400, 'INVALID_OPTIONS'],
  ['/durable/requests?limit=101', 400, 'INVALID_OPTIONS'],
  ['/durable/requests?idPrefix=xyz', 400, 'INVALID_OPTIONS'],
  ['/durable/requests?nonsense=1', 400, 'INVALID_OPTIONS'],
  ['/durable/requests/nonsense', 400, 'INVALID_OPTIONS'],
  [`/durable/requests/${'f'.repeat(32)}`, 404, 'REQUEST_UNKNOWN'],
])('%s is %i', async (path, status, code) => {
  const { get } = await show({ durable: work() });
  const response = await get(path);
  expect([response.status, JSON.parse(response.text)]).toEqual([status, expect.objectContaining({ code })]);
});

describe('actions', () => {
  test('are for who says the token, and for nobody where there is none', async () => {
    const open = await show({ durable: work() });
    const refused = await act(open, { action: 'cancel', id: ID });
    expect([refused.status, refused.text]).toEqual([403, expect.stringContaining('Actions need a token')]);
    const double = work();
    const shown = await show({ durable: double, httpToken: TOKEN });
    for (const headers of [{}, { Authorization: `Bearer ${TOKEN}x` }]) {
      const response = await act(shown, { action: 'cancel', id: ID }, headers as Record<string, string>);
      expect([response.status, response.headers['www-authenticate']]).toEqual([
        401,
        'Bearer realm="majordomo"',
      ]);
    }
    for (const path of ['/durable/stats', '/durable/requests', `/durable/requests/${ID}`])
      expect((await shown.get(path)).status).toBe(401);
    expect(double.asked).toBe(0);
    expect((await act(shown, { action: 'cancel', id: ID })).status).toBe(200);
  });

  test('are done, and logged', async () => {
    const lines: object[] = [];
    const logger = {
      debug: () => undefined,
      info: (fields: object) => void lines.push(fields),
      warn: () => undefined,
      error: () => undefined,
    };
    const double = work();
    const shown = await show({ durable: double, httpToken: TOKEN, logger });
    const at = Date.now() + 60_000;
    for (const action of [
      { action: 'reschedule', id: ID, at },
      { action: 'cancel', id: ID },
      { action: 'retry', id: '2'.padStart(32, '0') },
      { action: 'purge', service: 'sms' },
      { action: 'retry', all: true },
    ])
      expect((await act(shown, action)).status).toBe(200);
    expect(double.acted).toHaveLength(5);
    const logged = lines.filter((line) => 'event' in line && line.event === 'durableAction');
    expect(logged).toHaveLength(5);
    expect(logged[0]).toEqual({ event: 'durableAction', action: 'reschedule', id: ID, at, count: 1 });
  });

  test.each([
    ['what is taken', { action: 'retry', id: ID }, 409, 'REQUEST_TAKEN'],
    ['what there is not', { action: 'cancel', id: 'f'.repeat(32) }, 404, 'REQUEST_UNKNOWN'],
    ['what nobody knows', { action: 'burn', id: ID }, 400, 'INVALID_OPTIONS'],
    ['all that waits', { action: 'cancel', all: true }, 400, 'INVALID_OPTIONS'],
    ['no time', { action: 'reschedule', id: ID }, 400, 'INVALID_OPTIONS'],
    ['no JSON', '{', 400, 'INVALID_OPTIONS'],
  ])('%s is refused', async (_, action, status, code) => {
    const shown = await show({ durable: work(), httpToken: TOKEN });
    const response = await act(shown, action);
    expect([response.status, JSON.parse(response.text)]).toEqual([status, expect.objectContaining({ code })]);
  });

  test('that are too large are not read', async () => {
    const shown = await show({ durable: work(), httpToken: TOKEN });
    expect((await act(shown, 'x'.repeat(20_000))).status).toBe(413);
  });

  test.each(['PUT', 'DELETE', 'PATCH', 'OPTIONS'])('%s is refused', async (method) => {
    const shown = await show({ durable: work(), httpToken: TOKEN });
    expect((await shown.get('/durable/actions', { method, ...SAYS })).status).toBe(405);
  });
});

test('however many look, durable work is asked once a second for its counts, and never too much at a time', async () => {
  const double = work();
  let open = (): void => undefined;
  double.gate = new Promise<void>((resolve) => (open = resolve));
  const { get } = await show({ durable: double });
  const counts = Promise.all(Array.from({ length: 10 }, () => get('/durable/stats')));
  const pages = Promise.all(Array.from({ length: 20 }, () => get('/durable/requests')));
  const tooMany = await Promise.any(
    Array.from({ length: 10 }, async () => {
      const answer = await get('/durable/requests');
      if (answer.status !== 503) throw new Error(`It was ${answer.status}.`);
      return answer;
    }),
  );
  expect(JSON.parse(tooMany.text)).toMatchObject({ code: 'QUEUE_FULL' });
  open();
  expect(new Set((await counts).map(({ status }) => status))).toEqual(new Set([200]));
  const statuses = (await pages).map(({ status }) => status);
  expect(new Set(statuses)).toEqual(new Set([200, 503]));
  expect(double.most).toBe(16);
  expect(double.asked - double.queries.length).toBe(1);
});

test('a titanic that does not answer is 503, and says why', async () => {
  const double = work();
  double.failure = new NoWorkerError('Nobody serves titanic.stats.');
  const { get } = await show({ durable: double });
  const response = await get('/durable/stats');
  expect([response.status, JSON.parse(response.text)]).toEqual([
    503,
    { code: 'NO_WORKER', message: 'Nobody serves titanic.stats.' },
  ]);
});

test('what is no durable work, or is not shown, is refused', () => {
  expect(() => new Broker({ http: '127.0.0.1:0', durable: {} as never })).toThrow(
    'durable: should have the methods stats, list, get, act',
  );
  expect(() => new Broker({ durable: work() })).toThrow('durable: needs the option http');
});
