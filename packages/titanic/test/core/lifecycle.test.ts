import {
  isEnded,
  PHASES,
  phaseOf,
  stateNumber,
  stateOf,
  STATES,
  step,
  type LifeEvent,
} from '../../src/core/lifecycle';

const EVENTS: LifeEvent[] = [
  'claim',
  'succeed',
  'retry',
  'release',
  'fire',
  'die',
  'expire',
  'cancel',
  'change',
  'revive',
];

test('the whole state machine', () => {
  const table = STATES.map((state) =>
    [
      state,
      ...EVENTS.flatMap((event) => (step(state, event) ? [`${event} → ${step(state, event)}`] : [])),
    ].join(' | '),
  );
  expect(table).toEqual([
    'waiting | claim → running | expire → expired | cancel → cancelled | change → waiting',
    'running | succeed → done | retry → waiting | release → waiting | fire → waiting | die → dead | expire → expired',
    'done',
    'dead | revive → waiting',
    'expired',
    'cancelled',
  ]);
});

test('the numbers in stores never change', () => {
  expect(STATES.map(stateNumber)).toEqual([0, 1, 2, 3, 4, 5]);
  expect(STATES.map((state) => stateOf(stateNumber(state)))).toEqual([...STATES]);
  expect(STATES.filter(isEnded)).toEqual(['done', 'dead', 'expired', 'cancelled']);
});

test('what people are told', () => {
  expect(phaseOf({ state: 'waiting', dueAt: 11, attempts: 0 }, 10)).toBe('scheduled');
  expect(phaseOf({ state: 'waiting', dueAt: 10, attempts: 0 }, 10)).toBe('due');
  expect(phaseOf({ state: 'waiting', dueAt: 11, attempts: 1 }, 10)).toBe('retrying');
  for (const state of STATES.slice(1)) expect(PHASES).toContain(phaseOf({ state, dueAt: 0, attempts: 0 }, 0));
});
