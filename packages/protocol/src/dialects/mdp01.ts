import { brokerToClientSchema, type BrokerToClient, type ClientToBroker } from '../commands';
import type { Dialect } from '../dialect';
import { EMPTY_FRAME, encodeText } from '../frame';
import { ENVELOPE } from '../limits';
import { reject } from '../rejection';
import { prefixed, readRequest, readService, validate, workerHalf } from './plain';

/** The header of MDP/Client v0.1 (RFC 7). */
export const CLIENT_HEADER_01 = encodeText('MDPC01');
/** The header of MDP/Worker v0.1 (RFC 7). */
export const WORKER_HEADER_01 = encodeText('MDPW01');

const clientPrefix = [EMPTY_FRAME, CLIENT_HEADER_01];

/**
 * MDP/0.1 (RFC 7). Every command starts with an empty frame; the client half has no command numbers;
 * one REPLY ends a request.
 */
export const mdp01: Dialect = {
  name: 'mdp/0.1',
  partials: false,
  clientToBroker: prefixed<ClientToBroker>(
    clientPrefix,
    (command) => [encodeText(command.service), ...command.body],
    readRequest,
  ),
  brokerToClient: prefixed<BrokerToClient>(
    clientPrefix,
    (command) => (command.kind === 'final' ? [encodeText(command.service), ...command.body] : undefined),
    (frames, at) => {
      const service = frames[at];
      if (!service) return reject('truncated', 'no service frame');
      return validate(brokerToClientSchema, {
        kind: 'final',
        service: readService(service),
        body: frames.slice(at + 1),
      });
    },
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
