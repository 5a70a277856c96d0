import {
  CAN_PROVE,
  Metadata,
  type BrokerDisconnect,
  type Challenge,
  type Welcome,
} from '@majordomo/protocol';

/** The WELCOME that asks a peer to prove its key. */
export function askedToProve(welcome: Welcome, challenge: Challenge): Welcome {
  return { ...welcome, capabilities: CAN_PROVE, metadata: Metadata.challenge(challenge) };
}

/** The DISCONNECT of a peer that the policy does not allow. */
export function refusal(message: string): BrokerDisconnect {
  return { kind: 'disconnect', reason: { code: 'UNAUTHORIZED', message } };
}
