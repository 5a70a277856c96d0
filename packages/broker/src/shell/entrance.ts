import type { Logger } from '@majordomo/protocol';
import {
  keyPairOf,
  type RouterLinkHandlers,
  type RouterLinkOptions,
  type RouterSecurity,
} from '@majordomo/transport';
import { Access, type AccessEvents } from './access';
import { isOpenToNetwork, planDoors, type Door } from './doors';
import { Links } from './links';
import type { BrokerKeys, ResolvedBrokerOptions } from './options';

/** Who may come in, and all the ways there are. */
export interface Entrance {
  readonly links: Links;
  /** `undefined` without a policy. */
  readonly access: Access | undefined;
  /** Says which endpoints are open to the network, and how. */
  warn(endpoints: readonly string[], logger: Logger): void;
}

/**
 * Makes the routers of a broker, and what decides who connects to them.
 * @throws InvalidKeyError where its keys do not belong together
 */
export function newEntrance(
  { bind, policy }: Pick<ResolvedBrokerOptions, 'bind' | 'policy'>,
  curve: BrokerKeys,
  options: RouterLinkOptions,
  handlers: RouterLinkHandlers,
  events: Pick<AccessEvents, 'refused' | 'malformed'>,
): Entrance {
  const keys = curve && keyPairOf(curve.secretKey, curve.publicKey);
  const plan = planDoors(bind, keys !== undefined);
  const access: Access | undefined =
    policy &&
    new Access(policy, plan.doors, keys, {
      ...events,
      routingIdOf: (peer) => links.routingIdOf(peer),
      noticesDepartures: () => links.noticesDepartures,
    });
  /** Without a policy, CURVE lets every key in, and endpoints without CURVE everybody. */
  const securityOf = (door: Door): RouterSecurity | undefined => {
    if (!access && !door.curve) return undefined;
    const everybody = { objectionTo: () => undefined, malformed: () => events.malformed() };
    const gate = access?.gateOf(door) ?? everybody;
    return { secretKey: door.curve ? keys?.secretKey : undefined, label: door.role ?? 'majordomo', gate };
  };
  const links = new Links(plan, options, securityOf, handlers);
  return {
    links,
    access,
    warn(endpoints, logger) {
      for (const [at, { door }] of plan.endpoints.entries()) {
        const endpoint = endpoints[at] ?? '';
        if (!isOpenToNetwork(endpoint)) continue;
        if (!door.curve) {
          logger.warn(
            { event: 'openToNetwork', endpoint },
            'open to the network without CURVE: whoever reaches it can read and speak',
          );
        } else if (!access) {
          logger.warn(
            { event: 'withoutPolicy', endpoint },
            'encrypted, but without a policy every key is let in',
          );
        }
      }
    },
  };
}
