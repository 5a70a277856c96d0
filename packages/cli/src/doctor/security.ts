import { checkConnection, publicKeyOf, type ConnectionCheck } from '@majordomo/client';
import { look, ok, wrong, type Finding } from './finding';
import { readMechanism } from './greeting';
import type { Means } from './means';

const ABOUT = 'CURVE';

/** Endpoints that nobody on a network can reach or listen to. */
const WITHIN = /^(ipc:|tcp:\/\/(127\.\d+\.\d+\.\d+|localhost|\[::1\]):)/;

/** Whether the two ends agree about encryption and keys: something listens, and nothing was asked yet. */
export async function examineSecurity(endpoint: string, means: Means): Promise<Finding> {
  const mechanism = await readMechanism(endpoint, means.timeoutMs);
  const objection = objectionTo(mechanism, means);
  if (objection) return objection;
  const check = await checkConnection(endpoint, means);
  return check.stood ? standing(endpoint, means) : explain(check, means);
}

/** What speaks against an endpoint that wants this mechanism, before any key is shown. */
function objectionTo(mechanism: string | undefined, { curve, timeoutMs }: Means): Finding | undefined {
  switch (mechanism) {
    case undefined:
      return wrong(
        ABOUT,
        `something listens there and does not greet as ZeroMQ does within ${timeoutMs} ms`,
        'it is something else, or it hangs: look up the port in the line that the broker prints (majordomo broker listening on …), and who has this one',
      );
    case 'CURVE':
      if (curve) return undefined;
      return wrong(
        ABOUT,
        'it speaks CURVE, and no key of it was given',
        'give --curve-server-key-file with the .pub file of the broker and, where it has a policy, --curve-secret-key-file with a key of your own',
      );
    case 'NULL':
      if (!curve) return undefined;
      return wrong(
        ABOUT,
        'it does not speak CURVE, and keys were given',
        'leave them out where the way there is safe; else start the broker with --curve-secret-key-file, or use an endpoint of it without ?curve=off',
      );
    default:
      return wrong(
        ABOUT,
        `it wants the mechanism ${mechanism} of ZeroMQ`,
        'it is no broker of ours, which have CURVE or none: look up the port of the broker',
      );
  }
}

function standing(endpoint: string, { curve }: Means): Finding {
  if (curve?.secretKey !== undefined) {
    return ok(ABOUT, 'encrypted: it has the server key given, and lets your key in');
  }
  if (curve) {
    return look(
      ABOUT,
      'encrypted: it has the server key given, and lets in a key that was made up',
      'meant so where it has no policy; one says who may do what: --policy',
    );
  }
  if (WITHIN.test(endpoint)) return ok(ABOUT, 'not encrypted, and does not leave this machine');
  return look(
    ABOUT,
    'not encrypted: who reaches the endpoint can speak, and who is between can read and write',
    'majordomo keygen makes keys: the broker takes --curve-secret-key-file, its peers --curve-server-key-file',
  );
}

type Failure = Extract<ConnectionCheck, { stood: false }>;

function explain({ ending, reason }: Failure, means: Means): Finding {
  if (ending === 'unauthorized') return notLetIn(means);
  if (means.curve && ending !== 'timeout') {
    return wrong(
      ABOUT,
      'it speaks CURVE, and has another key than the server key given',
      'compare that with the .pub file of the broker; where it is the right one, somebody else answers in the place of the broker',
    );
  }
  return wrong(
    ABOUT,
    `no connection stands: ${reason}`,
    'look at the load and at the log of the broker; --timeout-ms gives it longer',
  );
}

function notLetIn({ curve }: Means): Finding {
  if (!curve) {
    return wrong(
      ABOUT,
      'it lets nobody in without a key: its policy gives nothing to who has none',
      'use an endpoint of it with CURVE, and a key; or name a role for "anonymous" in its policy',
    );
  }
  const { secretKey } = curve;
  if (secretKey === undefined) {
    return wrong(
      ABOUT,
      'it lets in known keys only, and none of your own was given',
      'give --curve-secret-key-file with a key that its policy has',
    );
  }
  return wrong(
    ABOUT,
    'it does not let this key in',
    `its policy lacks the key (${publicKeyOf(secretKey)}), or the key lacks the role of this endpoint: mend the policy and send the broker SIGHUP; its log says which (event connectionRefused)`,
  );
}
