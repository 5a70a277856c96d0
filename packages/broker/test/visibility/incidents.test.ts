import { Incidents } from '../../src/visibility/incidents';
import type { BrokerEvent } from '../../src/index';

const lost: BrokerEvent = { type: 'workerLost', peer: '00aa', service: 'echo', reason: 'silent', held: 2 };
const failed = (service: string): BrokerEvent => ({
  type: 'requestFailed',
  service,
  client: '00bb',
  id: 1,
  code: 'EXPIRED',
  message: 'too late',
});

test('what happened is told in words, the latest first', () => {
  const incidents = new Incidents();
  incidents.add(lost, 1_000);
  incidents.add(failed('echo'), 2_000);
  expect(incidents.latest).toEqual([
    expect.objectContaining({
      id: 2,
      kind: 'expiry',
      service: 'echo',
      peer: '00bb',
      detail: 'EXPIRED: too late',
    }),
    expect.objectContaining({
      id: 1,
      kind: 'loss',
      detail: 'worker lost: silent, with 2 in hand',
      at: 1_000,
    }),
  ]);
});

test('the same again within five seconds is one with a number, and is the latest', () => {
  const incidents = new Incidents();
  incidents.add(failed('echo'), 0);
  incidents.add(lost, 1);
  incidents.add(failed('echo'), 5_000);
  incidents.add(failed('other'), 5_000);
  expect(incidents.latest.map(({ service, times, at }) => [service, times, at])).toEqual([
    ['other', 1, 5_000],
    ['echo', 2, 5_000],
    ['echo', 1, 1],
  ]);
  incidents.add(failed('echo'), 10_001);
  expect(incidents.latest[0]).toMatchObject({ times: 1 });
});

test('a hundred are kept', () => {
  const incidents = new Incidents();
  for (let n = 0; n < 150; n++) incidents.add(failed(`s${n}`), n);
  expect([incidents.latest.length, incidents.latest.at(-1)?.service]).toEqual([100, 's50']);
});

test('what is routine is none', () => {
  const incidents = new Incidents();
  incidents.add({ ...lost, reason: 'disconnected' }, 0);
  incidents.add({ type: 'clientGone', peer: '00cc', withdrawn: 3 }, 0);
  incidents.add({ type: 'workerRegistered', peer: '00aa', service: 'echo', dialect: 'packed' }, 0);
  expect(incidents.latest).toEqual([]);
});
