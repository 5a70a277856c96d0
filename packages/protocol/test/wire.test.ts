import { decodeAtBroker, mdp01, mdp02, mdp02OverReq, type Channel } from '../src/index';
import { frames, hex } from './hex';
import { plainAnswer, plainReady, plainReply, plainRequest, plainWork } from './plain-commands';

/*
 * Every command of RFC 7 and RFC 18, its frames written down from the text of the RFCs: `4d4450433031` is
 * MDPC01, `4d4450573031` MDPW01, `4d4450433032` MDPC02, `4d4450573032` MDPW02, `6563686f` the service echo,
 * `c0de` a client address, `-` an empty frame. Bodies are the frames `00ff`, an empty one, and `41`.
 */
const body = frames('00ff - 41');
const service = 'echo';
const ref = '\xc0\xde';

function holds<Command>(channel: Channel<Command>, command: Command, wire: string): void {
  expect(hex(channel.encode(command))).toBe(wire);
  const decoded = channel.decode(frames(wire));
  expect(decoded).toEqual({ ok: true, command: expect.anything() });
  if (decoded.ok) expect(hex(channel.encode(decoded.command))).toBe(wire);
}

describe('MDP/Client of RFC 7', () => {
  test('REQUEST', () => {
    holds(mdp01.clientToBroker, plainRequest(service, body), '- 4d4450433031 6563686f 00ff - 41');
  });

  test('REPLY', () => {
    holds(mdp01.brokerToClient, plainReply('final', service, body), '- 4d4450433031 6563686f 00ff - 41');
  });

  test('has no word for a PARTIAL or a failure', () => {
    expect(mdp01.brokerToClient.encode(plainReply('partial', service, body))).toBeUndefined();
    const failure = {
      kind: 'failure',
      id: 0,
      service,
      origin: 'broker',
      code: 'EXPIRED',
      message: '',
      retryable: true,
    } as const;
    expect(mdp01.brokerToClient.encode(failure)).toBeUndefined();
    expect(mdp02.brokerToClient.encode(failure)).toBeUndefined();
  });
});

describe('MDP/Worker of RFC 7', () => {
  test('READY', () => {
    holds(mdp01.workerToBroker, plainReady(service), '- 4d4450573031 01 6563686f');
  });

  test('REQUEST', () => {
    holds(mdp01.brokerToWorker, plainWork(ref, body), '- 4d4450573031 02 c0de - 00ff - 41');
  });

  test('REPLY', () => {
    holds(mdp01.workerToBroker, plainAnswer('final', ref, body), '- 4d4450573031 03 c0de - 00ff - 41');
  });

  test('HEARTBEAT, both ways', () => {
    holds(mdp01.workerToBroker, { kind: 'heartbeat' }, '- 4d4450573031 04');
    holds(mdp01.brokerToWorker, { kind: 'heartbeat' }, '- 4d4450573031 04');
  });

  test('DISCONNECT, both ways', () => {
    holds(mdp01.workerToBroker, { kind: 'disconnect' }, '- 4d4450573031 05');
    holds(mdp01.brokerToWorker, { kind: 'disconnect' }, '- 4d4450573031 05');
  });

  test('has no word for a PARTIAL', () => {
    expect(mdp01.workerToBroker.encode(plainAnswer('partial', ref, body))).toBeUndefined();
  });
});

describe('MDP/Client of RFC 18', () => {
  test('REQUEST', () => {
    holds(mdp02.clientToBroker, plainRequest(service, body), '4d4450433032 01 6563686f 00ff - 41');
  });

  test('PARTIAL', () => {
    holds(mdp02.brokerToClient, plainReply('partial', service, body), '4d4450433032 02 6563686f 00ff - 41');
  });

  test('FINAL', () => {
    holds(mdp02.brokerToClient, plainReply('final', service, body), '4d4450433032 03 6563686f 00ff - 41');
  });

  test('over REQ, each with an empty frame in front', () => {
    const { clientToBroker, brokerToClient } = mdp02OverReq;
    holds(clientToBroker, plainRequest(service, body), '- 4d4450433032 01 6563686f 00ff - 41');
    holds(brokerToClient, plainReply('final', service, body), '- 4d4450433032 03 6563686f 00ff - 41');
  });
});

describe('MDP/Worker of RFC 18', () => {
  test('READY', () => {
    holds(mdp02.workerToBroker, plainReady(service), '4d4450573032 01 6563686f');
  });

  test('REQUEST', () => {
    holds(mdp02.brokerToWorker, plainWork(ref, body), '4d4450573032 02 c0de - 00ff - 41');
  });

  test('PARTIAL', () => {
    holds(mdp02.workerToBroker, plainAnswer('partial', ref, body), '4d4450573032 03 c0de - 00ff - 41');
  });

  test('FINAL', () => {
    holds(mdp02.workerToBroker, plainAnswer('final', ref, body), '4d4450573032 04 c0de - 00ff - 41');
  });

  test('HEARTBEAT, both ways', () => {
    holds(mdp02.workerToBroker, { kind: 'heartbeat' }, '4d4450573032 05');
    holds(mdp02.brokerToWorker, { kind: 'heartbeat' }, '4d4450573032 05');
  });

  test('DISCONNECT, both ways', () => {
    holds(mdp02.workerToBroker, { kind: 'disconnect' }, '4d4450573032 06');
    holds(mdp02.brokerToWorker, { kind: 'disconnect' }, '4d4450573032 06');
  });
});

test.each([
  ['- 4d4450433031 6563686f 41', 'client', mdp01],
  ['4d4450433032 01 6563686f 41', 'client', mdp02],
  ['- 4d4450433032 01 6563686f 41', 'client', mdp02OverReq],
  ['- 4d4450573031 04', 'worker', mdp01],
  ['4d4450573032 05', 'worker', mdp02],
] as const)('a broker knows %s as a %s by its header alone', (wire, half, dialect) => {
  expect(decodeAtBroker(frames(wire))).toMatchObject({ ok: true, command: { half, dialect } });
});

test('command numbers mean what the dialect of their header says', () => {
  const kindOf = (wire: string) => {
    const decoded = decodeAtBroker(frames(wire));
    return decoded.ok ? decoded.command.command.kind : decoded.rejection.reason;
  };
  expect(kindOf('- 4d4450573031 04')).toBe('heartbeat');
  expect(kindOf('4d4450573032 04 c0de - 41')).toBe('final');
  expect(kindOf('- 4d4450573031 05')).toBe('disconnect');
  expect(kindOf('4d4450573032 05')).toBe('heartbeat');
  expect(kindOf('- 4d4450573031 03 c0de - 41')).toBe('final');
  expect(kindOf('4d4450573032 03 c0de - 41')).toBe('partial');
});
