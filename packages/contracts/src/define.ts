import {
  CONTRACT_MISMATCH,
  InvalidOptionsError,
  isFailureCode,
  requireServiceName,
} from '@majordomo/protocol';
import { Contract, type ServiceDefinition } from './contract';
import type { AnySchema, ErrorSchemas, NoErrors, NoProgress } from './types';
import { CONTENT_TYPES } from './wire/encoding';

/**
 * A service as both of its sides see it: what is asked, what is answered, what is told on the way, and how it may fail.
 *
 * ```ts
 * export const order = defineService({
 *   name: 'order',
 *   request: z.object({ sku: z.string(), quantity: z.int().positive() }),
 *   reply: z.object({ id: z.string() }),
 *   errors: { OUT_OF_STOCK: z.object({ left: z.int() }) },
 * });
 * ```
 * @throws InvalidServiceError for a name that is none
 * @throws InvalidOptionsError for what is no schema, no code or no option
 */
export function defineService<
  Request extends AnySchema,
  Reply extends AnySchema,
  Progress extends AnySchema = NoProgress,
  Errors extends ErrorSchemas = NoErrors,
>(
  definition: ServiceDefinition<Request, Reply, Progress, Errors>,
): Contract<Request, Reply, Progress, Errors> {
  if (typeof definition !== 'object' || definition === null) fault('a definition', 'should be an object');
  requireServiceName(definition.name);
  const { name, request, reply, progress, errors = {}, encoding = 'json', toJsonSchema } = definition;
  const unknown = Object.keys(definition).filter((key) => !KEYS.has(key));
  if (unknown.length > 0)
    fault(name, `has no ${unknown.join(', ')}: a contract is made of ${DEFINITION_KEYS.join(', ')}`);
  requireSchema(name, 'request', request);
  requireSchema(name, 'reply', reply);
  if (progress !== undefined) requireSchema(name, 'progress', progress);
  for (const [code, schema] of Object.entries(errors)) {
    requireCode(name, code);
    requireSchema(name, `errors.${code}`, schema);
  }
  if (!Object.hasOwn(CONTENT_TYPES, encoding)) fault(name, "encoding: should be 'json' or 'msgpack'");
  if (toJsonSchema !== undefined && typeof toJsonSchema !== 'function') {
    fault(name, 'toJsonSchema: should be a function that gives the JSON Schema of a schema');
  }
  return new Contract(definition);
}

/** What a contract is made of. */
export const DEFINITION_KEYS = [
  'name',
  'request',
  'reply',
  'progress',
  'errors',
  'encoding',
  'toJsonSchema',
] as const satisfies readonly (keyof ServiceDefinition<AnySchema, AnySchema, AnySchema, ErrorSchemas>)[];

const KEYS: ReadonlySet<string> = new Set(DEFINITION_KEYS);

/** Codes that workers answer with by themselves. */
const RESERVED = new Set([CONTRACT_MISMATCH, 'INTERNAL_ERROR']);

function requireCode(name: string, code: string): void {
  if (!isFailureCode(code)) {
    fault(name, `errors: ${JSON.stringify(code)} should be 1 to 64 capitals, digits and _, a capital first`);
  }
  if (RESERVED.has(code)) fault(name, `errors: ${code} is what workers say by themselves: take another code`);
}

/** Schemas are objects, or functions, as those of arktype. */
function requireSchema(name: string, key: string, schema: unknown): void {
  const standard = (schema as Partial<AnySchema> | null | undefined)?.['~standard'];
  if (typeof standard?.validate === 'function' && standard.version === 1) return;
  fault(name, `${key}: should be a schema by Standard Schema, such as one of zod 4, valibot or arktype`);
}

function fault(name: string, what: string): never {
  throw new InvalidOptionsError(`The contract of ${name} does not fit: ${what}.`);
}
