import {
  decodeAtBroker,
  DEFAULT_LIMITS,
  mdp01,
  mdp02,
  mdp02OverReq,
  REJECTION_REASONS,
  type Decoded,
  type Frame,
  type RejectionReason,
} from '../src/index';
import { frames } from './hex';
import { plainReply, plainRequest, plainWork } from './plain-commands';

/** Headers and services in these: see wire.test.ts. */
const AT_BROKER: [RejectionReason, string][] = [
  ['unknown_header', '4d4450433033 01 6563686f 41'],
  ['unknown_header', '- 4d4450433039 6563686f 41'],
  ['unknown_header', '- - 4d4450433031 6563686f 41'],
  ['zproto_dialect', 'aaa4010203'],
  ['zproto_dialect', '- aaa4'],
  ['missing_delimiter', '4d4450433031 6563686f 41'],
  ['missing_delimiter', '4d4450573031 04'],
  ['unexpected_delimiter', '- 4d4450573032 05'],
  ['truncated', '-'],
  ['truncated', '- 4d4450433031'],
  ['truncated', '4d4450433032'],
  ['truncated', '4d4450433032 01'],
  ['truncated', '- 4d4450573031'],
  ['truncated', '- 4d4450573031 01'],
  ['truncated', '- 4d4450573031 03'],
  ['truncated', '- 4d4450573031 03 c0de'],
  ['surplus_frames', '- 4d4450573031 01 6563686f 41'],
  ['surplus_frames', '- 4d4450573031 04 -'],
  ['surplus_frames', '4d4450573032 06 41'],
  ['unknown_command', '- 4d4450573031 06'],
  ['unknown_command', '- 4d4450573031 02 c0de - 41'],
  ['unknown_command', '4d4450573032 00'],
  ['unknown_command', '4d4450573032 -'],
  ['unknown_command', '4d4450573032 0505'],
  ['unknown_command', '4d4450433032 03 6563686f 41'],
  ['bad_service_name', '- 4d4450433031 - 41'],
  ['bad_service_name', '- 4d4450433031 ff 41'],
  ['bad_service_name', '4d4450573032 01 0a'],
  ['bad_address', '- 4d4450573031 03 - - 41'],
  ['no_envelope_end', '4d4450573032 04 c0de 41 41'],
  ['no_body', '- 4d4450433031 6563686f'],
  ['no_body', '4d4450433032 01 6563686f'],
  ['no_body', '- 4d4450573031 03 c0de -'],
];

const reasonOf = (decoded: Decoded<unknown>): string => (decoded.ok ? 'ok' : decoded.rejection.reason);

test.each(AT_BROKER)('%s: %s', (reason, wire) => {
  const decoded = decodeAtBroker(frames(wire));
  expect(reasonOf(decoded)).toBe(reason);
  if (!decoded.ok) expect(decoded.rejection.detail).toMatch(/^[\x20-\x7e…]+$/);
});

test('empty_message: no frames at all', () => {
  expect(reasonOf(decodeAtBroker([]))).toBe('empty_message');
  expect(reasonOf(mdp01.brokerToClient.decode([]))).toBe('empty_message');
});

test('the limits have a reason each', () => {
  const limits = { framesMax: 4, frameBytesMax: 10, messageBytesMax: 22 };
  const request = (...body: Frame[]): Frame[] => [...frames('- 4d4450433031 6563686f'), ...body];
  const of = (bytes: number): Frame => new Uint8Array(bytes);
  expect(reasonOf(decodeAtBroker(request(of(10)), limits))).toBe('ok');
  expect(reasonOf(decodeAtBroker(request(of(1), of(1)), limits))).toBe('too_many_frames');
  expect(reasonOf(decodeAtBroker(request(of(11)), limits))).toBe('frame_too_large');
  expect(reasonOf(decodeAtBroker(request(of(10)), { ...limits, messageBytesMax: 19 }))).toBe(
    'message_too_large',
  );
});

test('every reason of the plain dialects has a literal message here', () => {
  const shown = new Set<string>(AT_BROKER.map(([reason]) => reason));
  const elsewhere = ['empty_message', 'too_many_frames', 'frame_too_large', 'message_too_large'];
  // These are of MDP/P1 alone: packed/vectors.test.ts.
  const packed = ['unknown_flag', 'bad_length', 'bad_id', 'bad_service_number', 'bad_metadata', 'bad_value'];
  expect([...shown, ...elsewhere, ...packed].sort()).toEqual([...REJECTION_REASONS].sort());
});

test.each([
  ['unknown_header', mdp01.brokerToClient, '- 4d4450573031 6563686f 41'],
  ['missing_delimiter', mdp01.brokerToClient, '4d4450433031 6563686f 41'],
  ['unexpected_delimiter', mdp02.brokerToClient, '- 4d4450433032 03 6563686f 41'],
  ['truncated', mdp01.brokerToClient, '- 4d4450433031'],
  ['truncated', mdp02.brokerToClient, '4d4450433032 03'],
  ['unknown_command', mdp02.brokerToClient, '4d4450433032 01 6563686f 41'],
  ['bad_service_name', mdp02.brokerToClient, '4d4450433032 03 0d 41'],
  ['no_body', mdp01.brokerToClient, '- 4d4450433031 6563686f'],
  ['no_body', mdp02.brokerToClient, '4d4450433032 02 6563686f'],
  ['unknown_command', mdp01.brokerToWorker, '- 4d4450573031 01 6563686f'],
  ['truncated', mdp01.brokerToWorker, '- 4d4450573031 02 c0de'],
  ['no_envelope_end', mdp01.brokerToWorker, '- 4d4450573031 02 c0de 41'],
  ['no_body', mdp02.brokerToWorker, '4d4450573032 02 c0de -'],
  ['bad_address', mdp02.brokerToWorker, '4d4450573032 02 - - 41'],
  ['surplus_frames', mdp02.brokerToWorker, '4d4450573032 05 41'],
] as const)('a client or worker refuses %s too', (reason, channel, wire) => {
  expect(reasonOf(channel.decode(frames(wire)))).toBe(reason);
});

test('what a broker may take, every client and worker with the same limits can take from it', () => {
  const limits = { ...DEFAULT_LIMITS, framesMax: 20, messageBytesMax: 500 };
  for (const from of [mdp01, mdp02, mdp02OverReq]) {
    const head = from.clientToBroker.encode(plainRequest('e', ''))!.slice(0, -1);
    const left = limits.messageBytesMax - head.reduce((sum, frame) => sum + frame.length, 0);
    const body = Array.from({ length: limits.framesMax - head.length }, () => new Uint8Array(0));
    body[0] = new Uint8Array(left);
    expect(reasonOf(decodeAtBroker([...head, ...body], limits))).toBe('ok');
    for (const to of [mdp01, mdp02, mdp02OverReq]) {
      const ref = 'r'.repeat(255);
      const work = to.brokerToWorker.encode(plainWork(ref, body))!;
      expect(reasonOf(to.brokerToWorker.decode(work, limits))).toBe('ok');
      const gathered = [...Array.from({ length: 19 }, () => new Uint8Array(0)), new Uint8Array(500)];
      const reply = to.brokerToClient.encode(plainReply('final', 's'.repeat(255), gathered))!;
      expect(reasonOf(to.brokerToClient.decode(reply, limits))).toBe('ok');
    }
  }
});

test('and no more than the frames that MDP puts around a body', () => {
  const limits = { ...DEFAULT_LIMITS, framesMax: 20 };
  const body = Array.from({ length: 21 }, () => new Uint8Array(0));
  const work = mdp01.brokerToWorker.encode(plainWork('r', body))!;
  expect(reasonOf(mdp01.brokerToWorker.decode(work, limits))).toBe('too_many_frames');
});
