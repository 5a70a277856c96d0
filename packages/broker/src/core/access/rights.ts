import { Patterns } from './glob';
import type { PeerLimits, Role } from './policy';

/** Management services that tell no more than which services there are. */
const DISCOVERY = ['mmi.service', 'mmi.services'];

const LIMITS = ['requestsPerSecond', 'bytesPerSecond', 'pending'] as const;

/** What some roles allow together: whatever one of them allows. */
export class Rights {
  readonly #request: Patterns;
  readonly #serve: Patterns;
  readonly #management: ReadonlySet<string>;
  readonly #administers: boolean;
  /** The widest of each; `undefined` where no role has any limits. */
  readonly limits: PeerLimits | undefined;

  constructor(roles: readonly Role[]) {
    this.#request = new Patterns(roles.flatMap(({ request }) => request));
    this.#serve = new Patterns(roles.flatMap(({ serve }) => serve));
    this.#administers = roles.some(({ administer }) => administer);
    this.#management = new Set(
      roles.flatMap(({ mmi }) => (mmi === true ? DISCOVERY : mmi === false ? [] : mmi)),
    );
    this.limits = widest(roles);
  }

  mayRequest(service: string): boolean {
    return this.#request.has(service);
  }

  mayServe(service: string): boolean {
    return this.#serve.has(service);
  }

  /** Whether a service of the broker itself may be asked. */
  mayManage(service: string): boolean {
    return this.#administers || this.#management.has(service);
  }
}

function widest(roles: readonly Role[]): PeerLimits | undefined {
  const limits: { -readonly [Name in keyof PeerLimits]: PeerLimits[Name] } = {};
  for (const name of LIMITS) {
    const each = roles.map((role) => role.limits[name]);
    if (each.every((limit) => limit !== undefined)) limits[name] = Math.max(...each);
  }
  return Object.values(limits).some((limit) => limit !== undefined) ? limits : undefined;
}
