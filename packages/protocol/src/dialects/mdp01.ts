import type { BrokerToClient, ClientToBroker } from '../commands';
import type { PlainDialect } from '../dialect';
import { EMPTY_FRAME, encodeText } from '../frame';
import { ENVELOPE } from '../limits';
import { prefixed, readReply, readRequest, workerHalf } from './plain';

/** The header of MDP/Client v0.1 (RFC 7). */
export const CLIENT_HEADER_01 = encodeText('MDPC01');
/** The header of MDP/Worker v0.1 (RFC 7). */
export const WORKER_HEADER_01 = encodeText('MDPW01');

const clientPrefix = [EMPTY_FRAME, CLIENT_HEADER_01];

/**
 * MDP/0.1 (RFC 7). Every command starts with an empty frame; the client half has no command numbers;
 * one REPLY ends a request.
 */
export const mdp01: PlainDialect = {
  name: 'mdp/0.1',
  partials: false,
  packed: false,
  clientToBroker: prefixed<ClientToBroker>(
    clientPrefix,
    (command) =>
      command.kind === 'request' ? [encodeText(command.service), ...command.body.frames] : undefined,
    readRequest,
  ),
  brokerToClient: prefixed<BrokerToClient>(
    clientPrefix,
    (command) =>
      command.kind === 'final' ? [encodeText(command.service), ...command.body.frames] : undefined,
    (frames, at) => readReply('final', frames, at),
    ENVELOPE,
  ),
  ...workerHalf([EMPTY_FRAME, WORKER_HEADER_01], {
    ready: 0x01,
    request: 0x02,
    final: 0x03,
    heartbeat: 0x04,
    disconnect: 0x05,
  }),
};
