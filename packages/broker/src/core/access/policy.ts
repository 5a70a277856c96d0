import { curveKeySchema, InvalidOptionsError, MMI_PREFIX, SERVICE_BYTES_MAX } from '@majordomo/protocol';
import { z } from 'zod';

/** Keys, roles, patterns of one list: bounds against files that are none of ours. */
const KEYS_MAX = 100_000;
const ROLES_MAX = 1_000;
const PATTERNS_MAX = 1_000;

/** The name of a role. */
export const roleNameSchema = z
  .string()
  .regex(/^[A-Za-z0-9_.-]{1,64}$/, 'should be the name of a role: 1 to 64 of A–Z, a–z, 0–9, _, . and -');

const keyNameSchema = z
  .string()
  .regex(/^[\p{L}\p{N}\p{P}\p{S} ]{1,100}$/u, 'should be a name of 1 to 100 printable characters');

/** Names of services; `*` stands for any characters. */
const patternsSchema = z
  .array(z.string().min(1).max(SERVICE_BYTES_MAX))
  .max(PATTERNS_MAX)
  .readonly()
  .default(Object.freeze([]));

const rate = z.number().int().min(1).max(Number.MAX_SAFE_INTEGER).optional();

/** What one key, over all of its sessions, or one peer without a proven key may do in a time. */
const limitsSchema = z.strictObject({
  /** Requests in a second, as many at once at the most. Default: no limit. */
  requestsPerSecond: rate,
  /** Bytes of the bodies of requests in a second. A body may be larger than that, and then has to be waited for. Default: no limit. */
  bytesPerSecond: rate,
  /** Requests that have not ended. Default: no limit. */
  pending: rate,
});

const roleSchema = z.strictObject({
  /** Services that may be asked for work. Default: none. */
  request: patternsSchema,
  /** Services that may be served. Default: none. */
  serve: patternsSchema,
  /**
   * True for the management services that tell which services there are (`mmi.service`, `mmi.services`), or a list of
   * the names of those that may be asked. Default: none.
   */
  mmi: z
    .union([z.boolean(), z.array(z.string().startsWith(MMI_PREFIX)).max(PATTERNS_MAX).readonly()])
    .default(false),
  /** True for all management services, those that tell of peers and of the broker itself included. Default: false. */
  administer: z.boolean().default(false),
  limits: limitsSchema.readonly().default({}),
});

const keySchema = z.strictObject({
  /** What logs call the holder of the key. */
  name: keyNameSchema,
  roles: z.array(roleNameSchema).min(1).max(ROLES_MAX).readonly(),
});

/** Who may do what: the policy file, and the option `policy`. */
export const policySchema = z
  .strictObject({
    /** Roles by their names. */
    roles: z.record(roleNameSchema, roleSchema.readonly()),
    /** Who holds which key: public CURVE keys, 40 characters of Z85. Default: nobody. */
    keys: z.record(curveKeySchema, keySchema.readonly()).default({}),
    /** The role of who has proven no key, on endpoints without a role of their own; `null` for nobody's. Default: null. */
    anonymous: roleNameSchema.nullable().default(null),
  })
  .superRefine(({ roles, keys, anonymous }, { addIssue }) => {
    const require = (role: string, path: string[]): void => {
      if (!Object.hasOwn(roles, role))
        addIssue({ code: 'custom', path, message: `there is no role ${role}` });
    };
    const names = new Set<string>();
    for (const { name, roles: held } of Object.values(keys)) {
      for (const role of held) require(role, ['keys', name]);
      if (names.has(name))
        addIssue({ code: 'custom', path: ['keys', name], message: 'two keys have this name' });
      names.add(name);
    }
    if (anonymous !== null) require(anonymous, ['anonymous']);
    if (Object.keys(keys).length > KEYS_MAX)
      addIssue({ code: 'custom', path: ['keys'], message: 'too many' });
    if (Object.keys(roles).length > ROLES_MAX)
      addIssue({ code: 'custom', path: ['roles'], message: 'too many' });
  });

/** What a user may write. */
export type PolicyInput = z.input<typeof policySchema>;
/** The same with defaults filled in. */
export type Policy = z.output<typeof policySchema>;
export type Role = Policy['roles'][string];
export type PeerLimits = Role['limits'];

/** What does not fit, in words; keys are told by their place, for what stands there may be a secret one. */
function faultsOf({ issues }: z.ZodError, input: unknown): string {
  const keys = Object.keys((input as { keys?: object } | null)?.keys ?? {});
  const faults = issues.map((issue) => {
    const [field, key, ...rest] = issue.path.map(String);
    const at = field === 'keys' && key !== undefined ? keys.indexOf(key) : -1;
    const path = at < 0 ? issue.path : [`keys, entry ${at + 1}`, ...rest];
    const why = issue.code === 'invalid_key' ? issue.issues[0]?.message : issue.message;
    return `${path.join('.') || 'it'}: ${why ?? 'does not fit'}`;
  });
  return faults.join('; ');
}

/**
 * A policy, validated.
 * @throws InvalidOptionsError naming everything that does not fit
 */
export function parsePolicy(input: unknown): Policy {
  const parsed = policySchema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw new InvalidOptionsError(`The policy does not fit: ${faultsOf(parsed.error, input)}.`);
}

/** The option `policy`: what does not fit is one fault of the options, which names no key. */
export const policyOptionSchema = z.custom<PolicyInput>().transform((input, { addIssue }): Policy => {
  const parsed = policySchema.safeParse(input);
  if (parsed.success) return parsed.data;
  addIssue({ code: 'custom', message: faultsOf(parsed.error, input) });
  return z.NEVER;
});
