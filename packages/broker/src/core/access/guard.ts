import { isMmi, keyToHex, type ClientRequest, type Dialect, type FailureCode } from '@majordomo/protocol';
import type { Clients } from '../clients';
import type { Counters } from '../counters';
import { brokerFailure } from '../failure';
import { OUTCOME_OF } from '../meters';
import type { Outbound } from '../outbound';
import type { ClientRecord, PeerId, RequestRecord } from '../records';
import type { Services } from '../services';
import type { Authority, Identity } from './authority';
import { Meter } from './meter';

/** What was denied. */
export type Deed = 'session' | 'proof' | 'request' | 'serve' | 'mmi';

/** Who it was that was denied something. */
export interface Suspect {
  readonly peer: PeerId;
  readonly identity: Identity | undefined;
}

const WHO_PROVED_NOTHING = 'whoever has proven no key';

/** Holds requests against the policy: whether they are allowed, and within the limits of their peer. */
export class Guard {
  constructor(
    readonly authority: Authority,
    private readonly clients: Clients,
    private readonly services: Services,
    private readonly counters: Counters,
    private readonly outbound: Outbound,
  ) {}

  /** True for a request that may be served; any other is answered and counted. `requests` was counted before. */
  admits(
    peer: PeerId,
    session: ClientRecord | undefined,
    dialect: Dialect,
    command: ClientRequest,
    now: number,
  ): boolean {
    const { service } = command;
    const identity = session?.identity ?? this.authority.stranger(peer);
    const rights = identity.rights;
    const managed = isMmi(service);
    const allowed = managed ? rights?.mayManage(service) : rights?.mayRequest(service);
    if (!rights || !allowed) {
      if (managed) this.counters.unauthorizedManagement++;
      else this.counters.unauthorized++;
      const who = { peer, identity };
      const why = `${nameOf(identity)} may not request ${service}`;
      this.#refuse(who, managed ? 'mmi' : 'request', dialect, command, 'UNAUTHORIZED', why);
      return false;
    }
    if (!rights.limits) return true;
    const client = session ?? this.clients.plain(peer, dialect, now);
    const meter = identity.meter ?? (client.meter ??= new Meter());
    const beyond = meter.take(rights.limits, command.body.byteLength, now);
    this.clients.settle(client);
    if (!beyond) return true;
    if (managed) this.counters.limitedManagement++;
    else this.counters.limited++;
    const why = `${nameOf(identity)} is beyond its limit (${beyond} ${rights.limits[beyond] ?? 0})`;
    const code = beyond === 'pending' ? 'QUEUE_FULL' : 'RATE_LIMITED';
    this.#refuse({ peer, identity }, managed ? 'mmi' : 'request', dialect, command, code, why);
    return false;
  }

  /** A request was taken: it counts until its end. */
  took(request: RequestRecord): void {
    const { client } = request;
    const identity = client.identity ?? this.authority.stranger(client.peer);
    if (!identity.rights?.limits) return;
    request.meter = identity.meter ?? client.meter;
    if (request.meter) request.meter.pending++;
  }

  #refuse(
    who: Suspect,
    what: Deed,
    dialect: Dialect,
    { id, service }: ClientRequest,
    code: FailureCode,
    message: string,
  ): void {
    this.denied(who, what, service, code, message);
    if (what === 'request') {
      this.services.meterOf(this.services.table.get(service))?.ended(OUTCOME_OF[code]);
    }
    const retryable = code !== 'UNAUTHORIZED';
    this.outbound.toClient(who.peer, dialect, brokerFailure(id, service, code, message, retryable));
  }

  /** Tells of what was denied. */
  denied(
    { peer, identity }: Suspect,
    what: Deed,
    service: string | undefined,
    code: FailureCode,
    reason: string,
  ): void {
    const key = identity?.keyName;
    this.outbound.event({ type: 'denied', peer: keyToHex(peer), key, what, service, code, reason });
  }
}

/** Who somebody is, for people. */
export function nameOf(identity: Identity): string {
  return identity.keyName === undefined ? WHO_PROVED_NOTHING : `the key ${identity.keyName}`;
}
