import type { BrokerToClient, ClientToBroker } from '../commands';
import type { PlainDialect } from '../dialect';
import { EMPTY_FRAME, encodeText, type Frame } from '../frame';
import { ENVELOPE } from '../limits';
import { reject } from '../rejection';
import { prefixed, readCode, readReply, readRequest, workerHalf } from './plain';

/** The header of MDP/Client v0.2 (RFC 18). */
export const CLIENT_HEADER_02 = encodeText('MDPC02');
/** The header of MDP/Worker v0.2 (RFC 18). */
export const WORKER_HEADER_02 = encodeText('MDPW02');

const REQUEST = Uint8Array.of(0x01);
const PARTIAL = Uint8Array.of(0x02);
const FINAL = Uint8Array.of(0x03);

function clientHalf(prefix: readonly Frame[]): Pick<PlainDialect, 'clientToBroker' | 'brokerToClient'> {
  return {
    clientToBroker: prefixed<ClientToBroker>(
      prefix,
      (command) =>
        command.kind === 'request'
          ? [REQUEST, encodeText(command.service), ...command.body.frames]
          : undefined,
      (frames, at) => {
        const code = readCode(frames[at]);
        if (typeof code !== 'number') return code;
        if (code !== REQUEST[0]) return reject('unknown_command', `command ${code} of a client`);
        return readRequest(frames, at + 1);
      },
    ),
    brokerToClient: prefixed<BrokerToClient>(
      prefix,
      (command) => {
        if (command.kind !== 'final' && command.kind !== 'partial') return undefined;
        const { kind, service, body } = command;
        return [kind === 'final' ? FINAL : PARTIAL, encodeText(service), ...body.frames];
      },
      (frames, at) => {
        const code = readCode(frames[at]);
        if (typeof code !== 'number') return code;
        if (code !== FINAL[0] && code !== PARTIAL[0]) {
          return reject('unknown_command', `command ${code} to a client`);
        }
        return readReply(code === FINAL[0] ? 'final' : 'partial', frames, at + 1);
      },
      ENVELOPE,
    ),
  };
}

const worker = workerHalf([WORKER_HEADER_02], {
  ready: 0x01,
  request: 0x02,
  partial: 0x03,
  final: 0x04,
  heartbeat: 0x05,
  disconnect: 0x06,
});

/** MDP/0.2 (RFC 18). No leading empty frame; any number of PARTIALs before one FINAL. */
export const mdp02: PlainDialect = {
  name: 'mdp/0.2',
  partials: true,
  packed: false,
  ...clientHalf([CLIENT_HEADER_02]),
  ...worker,
};

/**
 * MDP/0.2 as a REQ client sends it: with the empty frame that REQ puts first and wants back.
 * RFC 18 asks for a DEALER; a REQ can take one reply only, so PARTIALs are gathered for it.
 */
export const mdp02OverReq: PlainDialect = {
  name: 'mdp/0.2',
  partials: false,
  packed: false,
  ...clientHalf([EMPTY_FRAME, CLIENT_HEADER_02]),
  ...worker,
};
