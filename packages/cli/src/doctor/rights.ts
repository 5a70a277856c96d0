import { MMI_SERVICES, mmiAccessSchema, MMI_STATUS, type MmiAccess } from '@majordomo/protocol';
import { isNotImplemented, readFound, type Ask } from '../mmi/ask';
import { look, ok, wrong, type Finding } from './finding';
import type { Means } from './means';

const ABOUT = 'rights';

/** What the broker says that whoever asks may do. */
export interface Admitted {
  readonly access: MmiAccess;
  /** Whether a worker is registered for the service that was named; `undefined` where none was, or that may not be asked. */
  readonly isServed: boolean | undefined;
}

/** Asks who we are to a broker of ours; `undefined` where it does not know the question. */
export async function askRights(ask: Ask, service = ''): Promise<Admitted | undefined> {
  const reply = await ask('mmi.access', service);
  if (isNotImplemented(reply)) return undefined;
  const access = readFound('mmi.access', service, reply, mmiAccessSchema);
  const mayAsk = service !== '' && access.mmi.includes('mmi.service');
  const isServed = mayAsk ? (await ask('mmi.service', service)).text() === MMI_STATUS.found : undefined;
  return { access, isServed };
}

/** What is to be said of that. */
export function examineRights({ access, isServed }: Admitted, { curve, service }: Means): Finding[] {
  const { policy, key, mmi } = access;
  const who = nameOf(access);
  const proofs = key === null ? 'no proof of a key was asked for' : 'a key was proven to it';
  const findings: Finding[] = [ok('abilities', `it is one of ours: ${mmi.join(', ')}; ${proofs}`)];
  if (!policy) {
    findings.push(ok(ABOUT, 'it has no policy: who is let in may do everything'));
  } else if (curve?.secretKey !== undefined && key === null) {
    findings.push(
      look(
        ABOUT,
        `the broker has not asked which key you hold: you count as ${who}`,
        'it runs without the draft options of ZeroMQ, and has to give rights to endpoints: --bind ENDPOINT?role=ROLE',
      ),
    );
  }
  const unasked = MMI_SERVICES.filter((name) => !mmi.includes(name));
  if (unasked.length > 0) {
    findings.push(
      look(
        ABOUT,
        `${who} may not ask ${unasked.join(', ')}: the rest cannot be looked at`,
        'look with a key that has a role with "administer": true',
      ),
    );
  } else if (policy) {
    findings.push(ok(ABOUT, `${who} may ask all of mmi.*`));
  }
  return service === undefined ? findings : [...findings, ...aboutService(service, access, isServed)];
}

function nameOf({ key, roles }: MmiAccess): string {
  const who = key === null ? 'who has proven no key' : `the key ${key}`;
  return `${who} (${roles.length === 1 ? 'role' : 'roles'} ${roles.join(', ')})`;
}

function aboutService(service: string, access: MmiAccess, isServed: boolean | undefined): Finding[] {
  const { policy, request = false, serve = false } = access;
  const may = [request ? 'request' : '', serve ? 'serve' : ''].filter((deed) => deed !== '').join(' and ');
  const findings: Finding[] = [];
  if (may === '') {
    findings.push(
      wrong(
        ABOUT,
        `${nameOf(access)} may neither request nor serve ${service}`,
        'list the service under "request" or "serve" in one of its roles in the policy of the broker, and send that SIGHUP',
      ),
    );
  } else if (policy) {
    findings.push(ok(ABOUT, `may ${may} ${service}`));
  }
  if (isServed === undefined) return findings;
  return [
    ...findings,
    isServed
      ? ok('service', `${service} is served`)
      : look(
          'service',
          `no worker is registered for ${service}`,
          'start one, or look for a mistake in the name',
        ),
  ];
}

/** What there is to say where the broker has nothing for us but a refusal. */
export function refused(message: string): Finding {
  return wrong(
    ABOUT,
    `it refuses all that was asked: ${message}`,
    'give the key a role in the policy of the broker that allows something, and send it SIGHUP',
  );
}
