import { endpointList, endpointSchema } from '@majordomo/protocol';
import { z } from 'zod';
import { roleNameSchema } from '../core/access/policy';

/** An endpoint to listen on, and who comes in by it. */
const bindEntrySchema = z.strictObject({
  endpoint: endpointSchema,
  /** The role of everybody who comes in by it; needs a policy. Default: that of the key, or the policy's `anonymous`. */
  role: roleNameSchema.optional(),
  /** False to go without CURVE where the broker has a key. Default: CURVE where it has. */
  curve: z.boolean().optional(),
});

type BindInput = string | z.input<typeof bindEntrySchema>;
/** An endpoint to listen on, in full. */
export type BindEntry = Readonly<z.output<typeof bindEntrySchema>>;

const bindOneSchema: z.ZodType<BindEntry, BindInput> = z.union([
  endpointSchema.transform((endpoint): BindEntry => Object.freeze({ endpoint })),
  bindEntrySchema.readonly(),
]);

const [DEFAULT_ENDPOINT] = endpointList(endpointSchema).parse(undefined);

/** One endpoint or several. */
export const bindSchema = z
  .union([bindOneSchema, z.array(bindOneSchema).min(1, 'should name at least one').readonly()])
  .default(() => Object.freeze([Object.freeze({ endpoint: DEFAULT_ENDPOINT ?? '' })]))
  .transform((entries): readonly BindEntry[] =>
    Object.freeze(Array.isArray(entries) ? (entries as readonly BindEntry[]) : [entries as BindEntry]),
  );

/** One way into the broker: a ROUTER of its own, for its key and its ZAP domain hold for all of its endpoints. */
export interface Door {
  readonly number: number;
  /** The role of everybody who comes in by it. */
  readonly role: string | undefined;
  readonly curve: boolean;
}

/** What is bound where: for each endpoint, in order, the door that it belongs to. */
export interface DoorPlan {
  readonly doors: readonly Door[];
  readonly endpoints: readonly { readonly endpoint: string; readonly door: Door }[];
}

/** As few doors as there are different roles and ways. */
export function planDoors(entries: readonly BindEntry[], hasKey: boolean): DoorPlan {
  const doors: Door[] = [];
  const endpoints = entries.map(({ endpoint, role, curve = hasKey }) => {
    let door = doors.find((each) => each.role === role && each.curve === curve);
    if (!door) {
      door = { number: doors.length, role, curve };
      doors.push(door);
    }
    return { endpoint, door };
  });
  return { doors, endpoints };
}

const LOOPBACK = /^tcp:\/\/(?:127\.\d+\.\d+\.\d+|localhost|\[::1\]):/;

/** True for an endpoint that other machines may reach. */
export function isOpenToNetwork(endpoint: string): boolean {
  return endpoint.startsWith('tcp:') && !LOOPBACK.test(endpoint);
}
