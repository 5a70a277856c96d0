import { Broker, generateKeyPair, type PolicyInput } from '../../../src/index';
import { parsePolicy } from '../../../src/core/access/policy';
import { Rights } from '../../../src/core/access/rights';

const KEY = generateKeyPair().publicKey;
const OTHER = generateKeyPair().publicKey;

test('what is left out is not allowed', () => {
  const { roles, keys, anonymous } = parsePolicy({ roles: { user: {} } });
  expect({ keys, anonymous }).toEqual({ keys: {}, anonymous: null });
  const rights = new Rights([roles['user']!]);
  expect(rights.mayRequest('echo')).toBe(false);
  expect(rights.mayServe('echo')).toBe(false);
  expect(rights.mayManage('mmi.service')).toBe(false);
  expect(rights.limits).toBeUndefined();
});

test.each([
  ['no roles', {}, /roles/],
  ['no object', [], /it:/],
  ['an unknown field', { roles: {}, role: {} }, /role/],
  ['a role with an unknown field', { roles: { user: { requests: [] } } }, /roles\.user.*requests/],
  ['a role without a proper name', { roles: { 'a b': {} } }, /name of a role/],
  ['a key that is none', { roles: { user: {} }, keys: { abc: { name: 'x', roles: ['user'] } } }, /CURVE key/],
  ['a key without roles', { roles: { user: {} }, keys: { [KEY]: { name: 'x', roles: [] } } }, /roles/],
  ['a key without a name', { roles: { user: {} }, keys: { [KEY]: { roles: ['user'] } } }, /name/],
  [
    'a name that would break a log line',
    { roles: { user: {} }, keys: { [KEY]: { name: 'a\nb', roles: ['user'] } } },
    /printable/,
  ],
  [
    'a role that is not there',
    { roles: { user: {} }, keys: { [KEY]: { name: 'x', roles: ['admin'] } } },
    /keys\.x: there is no role admin/,
  ],
  ['one that only looks so', { roles: { user: {} }, anonymous: 'constructor' }, /no role constructor/],
  [
    'an anonymous role that is not there',
    { roles: {}, anonymous: 'guest' },
    /anonymous: there is no role guest/,
  ],
  [
    'two keys of one name',
    {
      roles: { user: {} },
      keys: { [KEY]: { name: 'x', roles: ['user'] }, [OTHER]: { name: 'x', roles: ['user'] } },
    },
    /two keys have this name/,
  ],
  ['a limit of 0', { roles: { user: { limits: { pending: 0 } } } }, /pending/],
  ['a limit of 1.5', { roles: { user: { limits: { requestsPerSecond: 1.5 } } } }, /requestsPerSecond/],
  ['a limit that is none', { roles: { user: { limits: { bytesPerSecond: NaN } } } }, /bytesPerSecond/],
  ['a pattern that is empty', { roles: { user: { request: [''] } } }, /request/],
  ['a management service that is none', { roles: { user: { mmi: ['echo'] } } }, /mmi/],
])('%s does not fit, and that is said', (_what, policy, message) => {
  expect(() => parsePolicy(policy)).toThrow(
    expect.objectContaining({ code: 'INVALID_OPTIONS', message: expect.stringMatching(message) }),
  );
});

test.each([{ name: 'x', roles: ['admin'] }, { name: 'x', roles: ['user'], more: 1 }, { name: '' }])(
  'an error never holds a key of the policy: %j',
  (entry) => {
    const policy = { roles: { user: {} }, keys: { [KEY]: entry } };
    expect(() => new Broker({ policy: policy as PolicyInput })).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTIONS', message: expect.not.stringContaining(KEY) }),
    );
    expect(() => parsePolicy(policy)).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining(KEY) }),
    );
  },
);

test('several roles allow what one of them allows, within the widest limits', () => {
  const { roles } = parsePolicy({
    roles: {
      reader: { request: ['read.*'], mmi: true, limits: { requestsPerSecond: 10, pending: 5 } },
      writer: { request: ['write'], serve: ['log'], mmi: ['mmi.broker'], limits: { requestsPerSecond: 20 } },
      boss: { administer: true },
    },
  });
  const { reader, writer, boss } = roles as Record<string, NonNullable<(typeof roles)[string]>>;
  const both = new Rights([reader!, writer!]);
  expect(['read.x', 'write', 'read'].map((service) => both.mayRequest(service))).toEqual([true, true, false]);
  expect(['log', 'read.x'].map((service) => both.mayServe(service))).toEqual([true, false]);
  const managed = ['mmi.service', 'mmi.services', 'mmi.workers', 'mmi.broker', 'mmi.other'];
  expect(managed.map((service) => both.mayManage(service))).toEqual([true, true, false, true, false]);
  expect(both.limits).toEqual({ requestsPerSecond: 20 });
  const all = new Rights([reader!, boss!]);
  expect(managed.every((service) => all.mayManage(service))).toBe(true);
  expect(all.limits).toBeUndefined();
});
