import {
  decodeAtBroker,
  encodeText,
  isMajordomoError,
  mdp01,
  mdp02,
  requireServiceName,
} from '@majordomo/protocol';

const heartbeat = decodeAtBroker(mdp02.workerToBroker.encode({ kind: 'heartbeat' }) ?? []);
if (!heartbeat.ok || heartbeat.command.half !== 'worker') throw new Error('HEARTBEAT was not understood');

const foreign = mdp01.clientToBroker.decode([encodeText('GET / HTTP/1.1')]);
if (foreign.ok || foreign.rejection.reason !== 'missing_delimiter') throw new Error('HTTP was understood');

try {
  requireServiceName('');
  throw new Error('an empty name was taken');
} catch (error) {
  if (!isMajordomoError(error, 'INVALID_SERVICE')) throw error;
}
