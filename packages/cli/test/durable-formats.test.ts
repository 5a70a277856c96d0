import { distance, moment } from '../src/durable/moments';
import { parseLine } from '../src/durable/lines';
import { shareOf } from '../src/durable/progress';
import { entries } from '../src/settings/entries';
import { momentText } from '../src/settings/moment';
import { longSpan, parseSpan, SPAN_MS_MAX } from '../src/settings/span';
import { storeName, storeText, withoutPassword } from '../src/settings/store';

test.each([
  ['500ms', 500],
  ['30s', 30_000],
  ['5m', 300_000],
  ['5min', 300_000],
  ['1h30m', 5_400_000],
  ['1 h 30 min', 5_400_000],
  ['1.5h', 5_400_000],
  ['2d', 172_800_000],
  ['1w', 604_800_000],
  ['0s', 0],
])('the span %s is %d ms', (text, ms) => {
  expect(parseSpan(text)).toBe(ms);
});

test.each(['', '5', 'm', '5x', '-5m', '5m later', '1e3s', '5 m5', 'NaNs', '1h30'])(
  '%j is no span',
  (text) => {
    expect(parseSpan(text)).toBeUndefined();
    expect(longSpan(0).safeParse(text).error?.issues[0]?.message).toContain(
      'with its unit, such as 500ms, 30s',
    );
  },
);

test('a span has bounds, and says them', () => {
  expect(longSpan(1).safeParse('3652d').data).toBeLessThanOrEqual(SPAN_MS_MAX);
  for (const text of ['0s', '3653d']) {
    expect(longSpan(1).safeParse(text).error?.issues[0]?.message).toBe(
      'should be a time span from 1 ms to ten years',
    );
  }
});

test.each([
  ['2026-12-24T18:00:00+01:00', '2026-12-24T17:00:00Z'],
  ['2026-12-24T17:00Z', '2026-12-24T17:00:00Z'],
  ['2026-12-24 17:00z', '2026-12-24T17:00:00Z'],
  ['2026-12-24T17:00:00.000-00:30', '2026-12-24T17:30:00Z'],
])('the time %s is %s', (text, utc) => {
  expect(moment(momentText.parse(text))).toBe(utc);
});

test.each([
  ['2026-12-24T18:00', 'should end with Z or an offset'],
  ['2026-02-30T18:00Z', 'should be a date, a time and an offset'],
  ['2026-12-24', 'should be a date, a time and an offset'],
  ['2026-12-24T25:00Z', 'should be a date, a time and an offset'],
  ['tomorrow', 'should be a date, a time and an offset'],
  ['1795268038187', 'should be a date, a time and an offset'],
])('%s is no time', (text, message) => {
  expect(momentText.safeParse(text).error?.issues[0]?.message).toContain(message);
});

test.each([
  [0, 'now'],
  [5_000, 'in 5 s'],
  [-90_000, '1 min 30 s ago'],
])('%d ms away is %s', (ms, text) => {
  expect(distance(1_000_000 + ms, 1_000_000)).toBe(text);
});

describe('entries', () => {
  const schema = entries(['attempts', 'backoffMinMs', 'perSecond']);
  const faultOf = (value: unknown) => schema.safeParse(value).error?.issues[0]?.message;

  test('are what a config file has in their place', () => {
    expect(schema.parse(undefined)).toBeUndefined();
    expect(schema.parse(['mail:per-second=0.5,backoff-min=2s', 'a:b:attempts=3', 'mail:attempts=1'])).toEqual(
      {
        mail: { perSecond: 0.5, backoffMinMs: 2_000, attempts: 1 },
        'a:b': { attempts: 3 },
      },
    );
    const file = { mail: { perSecond: 0.5, backoffMinMs: 2_000 } };
    expect(schema.parse(file)).toEqual(file);
  });

  test.each([
    ['mail', 'should be NAME:KEY=VALUE,… with some of attempts, backoff-min, per-second'],
    ['mail:', 'should be NAME:KEY=VALUE'],
    [':attempts=1', 'should be NAME:KEY=VALUE'],
    ['mail:persecond=5', 'has "persecond", which is none of attempts, backoff-min, per-second'],
    ['mail:backoff-min=5', 'where backoff-min should be a time span with its unit'],
    ['mail:attempts=5s', 'where attempts should be a number'],
    ['mail:attempts', 'where attempts should be a number'],
  ])('%j is none', (text, message) => {
    expect(faultOf([text])).toContain(message);
  });

  test.each([[{ mail: { attempts: '5' } }], [{ mail: { persecond: 5 } }], [{ mail: 5 }], ['mail'], [5]])(
    '%j is none in a file',
    (value) => {
      expect(faultOf(value)).toContain('should have objects by name');
    },
  );
});

describe('stores', () => {
  test.each([
    ['sqlite:x.db', { kind: 'sqlite', file: 'x.db' }],
    ['sqlite:/var/x.db', { kind: 'sqlite', file: '/var/x.db' }],
    ['sqlite:///var/x.db', { kind: 'sqlite', file: '/var/x.db' }],
    ['postgres://u@h/d', { kind: 'postgres', url: 'postgres://u@h/d' }],
    ['postgresql://u@h/d', { kind: 'postgres', url: 'postgresql://u@h/d' }],
  ])('%s', (text, choice) => {
    expect(storeText.parse(text)).toEqual(choice);
  });

  test.each(['x.db', 'sqlite:', 'sqlite://x.db', 'mysql://h/d', 'postgres://', ''])('%j is none', (text) => {
    expect(storeText.safeParse(text).error?.issues[0]?.message).toContain(
      'should be sqlite:FILE or postgres://',
    );
  });

  test('are named without their password', () => {
    expect(storeName({ kind: 'postgres', url: 'postgres://u:secret@h/d' })).toBe('postgres://***@h/d');
    expect(withoutPassword('got "mysql://u:secret@h/d"')).toBe('got "mysql://***@h/d"');
  });
});

test.each([
  ['40%', 0.4],
  ['40.5 % done', 0.405],
  ['2/5', 0.4],
  ['2 of 5 pages', 0.4],
  ['200 %', 1],
  ['2/0', undefined],
  ['resizing', undefined],
  ['', undefined],
])('the progress %j is a share of %p', (text, share) => {
  expect(shareOf(text)).toBe(share);
});

describe('lines of JSON', () => {
  const parse = (line: string, defaults = {}) => parseLine(line, { service: 'mail', ...defaults });

  test('have what flags leave out, and go before them', () => {
    expect(parse('{}')).toEqual({ service: 'mail', body: [''] });
    expect(parse('{"service":"sms","body":"x","attempts":2}', { attempts: 3, priority: 1 })).toEqual({
      service: 'sms',
      body: ['x'],
      attempts: 2,
      priority: 1,
    });
    expect(parse('{"body":["a",{"base64":"/w=="}]}').body).toEqual(['a', Buffer.from([0xff])]);
  });

  test('a line that says when says nothing of other times', () => {
    expect(parse('{"at":"2030-01-01T00:00:00Z"}', { inMs: 5 })).toEqual({
      service: 'mail',
      at: '2030-01-01T00:00:00Z',
      body: [''],
    });
  });

  test.each([
    ['{', /is not JSON/],
    ['[]', /should be a JSON object/],
    ['{"ttlMs":"1h"}', /ttlMs: .*number/],
    ['{"subject":"x"}', /subject/],
    ['{"body":5}', /body: should be a text/],
    ['{"body":[]}', /body: should be a text/],
    ['{"at":"2030-01-01T00:00:00Z","inMs":5}', /one of at, inMs and cron/],
    ['{"service":"titanic.submit"}', /service: should not be a service of titanic/],
  ])('%s is refused', (line, message) => {
    expect(() => parse(line)).toThrow(message);
  });

  test('somebody has to name the service', () => {
    expect(() => parseLine('{}', {})).toThrow('has no service');
  });
});
