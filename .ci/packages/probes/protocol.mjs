import {
  decodeAtBroker,
  encodeText,
  isMajordomoError,
  mdp01,
  mdp02,
  requireServiceName,
} from '@majordomo/protocol';

const ready = decodeAtBroker(mdp02.workerToBroker.encode({ kind: 'ready', service: 'echo', credit: 1 }));
if (!ready.ok) throw new Error('READY was not understood');

const foreign = mdp01.clientToBroker.decode([encodeText('GET / HTTP/1.1')]);
if (foreign.ok || foreign.rejection.reason !== 'missing_delimiter') throw new Error('HTTP was understood');

try {
  requireServiceName('');
  throw new Error('an empty name was taken');
} catch (error) {
  if (!isMajordomoError(error, 'INVALID_SERVICE')) throw error;
}
