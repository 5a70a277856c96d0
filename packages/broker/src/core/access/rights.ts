import { Patterns } from './glob';
import type { PeerLimits, Role } from './policy';

/** Management services that tell no more than which services there are. */
const DISCOVERY = ['mmi.service', 'mmi.services'];
/** Tells of whoever asks and of nobody else: who may do anything may ask it. */
const ABOUT_ONESELF = 'mmi.access';

const LIMITS = ['requestsPerSecond', 'bytesPerSecond', 'pending'] as const;

/** What some roles allow together: whatever one of them allows. */
export class Rights {
  readonly #request: Patterns;
  readonly #serve: Patterns;
  readonly #management: ReadonlySet<string>;
  readonly #administers: boolean;
  /** The widest of each; `undefined` where no role has any limits. */
  readonly limits: PeerLimits | undefined;

  /** @param names - of the roles, in the same order */
  constructor(
    roles: readonly Role[],
    readonly names: readonly string[] = [],
  ) {
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
    return this.#administers || service === ABOUT_ONESELF || this.#management.has(service);
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
