import type { Logger } from '@majordomo/protocol';
import { EventLog } from '../../src/shell/log';
import type { BrokerEvent } from '../../src/index';

function recorder() {
  const lines: { level: string; fields: object; message: string }[] = [];
  const level = (name: string) => (fields: object, message: string) =>
    lines.push({ level: name, fields, message });
  const logger: Logger = {
    debug: level('debug'),
    info: level('info'),
    warn: level('warn'),
    error: level('error'),
  };
  return { lines, log: new EventLog(logger) };
}

const rejected: BrokerEvent = {
  type: 'messageRejected',
  peer: '00aa',
  rejection: { reason: 'unknown_header', detail: 'header 0x00' },
};
const lost: BrokerEvent = { type: 'workerLost', peer: '00bb', service: 'echo', reason: 'silent', held: 1 };

test('an event is one line, at its level, with its fields', () => {
  const { lines, log } = recorder();
  log.write(lost, 0);
  expect(lines).toEqual([
    {
      level: 'warn',
      fields: { event: 'workerLost', peer: '00bb', service: 'echo', reason: 'silent', held: 1 },
      message: 'worker lost',
    },
  ]);
});

test('a worker that leaves in peace is no warning', () => {
  const { lines, log } = recorder();
  log.write({ ...lost, reason: 'disconnected' }, 0);
  expect(lines.map(({ level }) => level)).toEqual(['info']);
});

test('a flood of one kind is cut to fifty lines a second and one that says how many more there were', () => {
  const { lines, log } = recorder();
  for (let n = 0; n < 1_000; n++) log.write(rejected, n * 0.9);
  expect(lines).toHaveLength(50);
  log.write(lost, 900);
  expect(lines).toHaveLength(51);
  log.tick(999);
  expect(lines).toHaveLength(51);
  log.tick(1_000);
  expect(lines).toHaveLength(52);
  expect(lines[51]).toEqual({
    level: 'warn',
    fields: { event: 'messageRejected', unlogged: 950 },
    message: 'message rejected, and more like it',
  });
  log.tick(5_000);
  expect(lines).toHaveLength(52);
});

test('the next second has its own fifty lines', () => {
  const { lines, log } = recorder();
  for (let n = 0; n < 60; n++) log.write(rejected, 0);
  for (let n = 0; n < 60; n++) log.write(rejected, 1_000);
  expect(lines.filter(({ fields }) => !('unlogged' in fields))).toHaveLength(100);
  expect(lines[50]?.fields).toEqual({ event: 'messageRejected', unlogged: 10 });
});
