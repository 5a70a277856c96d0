import { InvalidOptionsError, isFailureCode, isServiceName } from '@majordomo/protocol';
import type { StandardJSONSchemaV1 } from '@standard-schema/spec';
import type { AnySchema, ContractShape, JsonSchema } from './types';
import { CONTENT_TYPES, type Encoding } from './wire/encoding';

/** What a snapshot says that it is. */
const FORMAT = 'majordomo-contract/1';

/**
 * What a contract lets on the wire, as data: to be kept beside the code, and compared with what the contract has become.
 * Its schemas are those of what is written, the inputs of the contract's schemas, for both sides write what a schema
 * takes and leave it to the reader to make something else of it.
 */
export interface ContractSnapshot {
  readonly format: typeof FORMAT;
  readonly name: string;
  readonly encoding: Encoding;
  readonly request: JsonSchema;
  readonly reply: JsonSchema;
  readonly progress?: JsonSchema;
  readonly errors: Readonly<Record<string, JsonSchema>>;
}

/**
 * The snapshot of a contract. Its schemas are asked for their JSON Schema by Standard JSON Schema (zod 4.2 and later,
 * arktype), or the contract's `toJsonSchema` is.
 * @throws InvalidOptionsError where a schema has no form in JSON Schema
 */
export function contractSnapshot(contract: ContractShape): ContractSnapshot {
  const { name, encoding, request, reply, progress, errors } = contract;
  const inJson = (part: string, schema: AnySchema) => jsonSchemaOf(contract, part, schema);
  return {
    format: FORMAT,
    name,
    encoding,
    request: inJson('request', request),
    reply: inJson('reply', reply),
    ...(progress && { progress: inJson('progress', progress) }),
    errors: Object.fromEntries(
      Object.entries(errors).map(([code, schema]) => [code, inJson(`errors.${code}`, schema)]),
    ),
  };
}

/**
 * What was read from a file, as the snapshot that it should be.
 * @throws InvalidOptionsError where it is none
 */
export function readSnapshot(value: unknown): ContractSnapshot {
  const { format, name, encoding, request, reply, progress, errors } = (value ?? {}) as Partial<
    Record<keyof ContractSnapshot, unknown>
  >;
  const fault = (what: string) => new InvalidOptionsError(`This is no snapshot of a contract: ${what}.`);
  if (format !== FORMAT) throw fault(`its format should be ${FORMAT}, got ${String(JSON.stringify(format))}`);
  if (typeof name !== 'string' || !isServiceName(name)) throw fault('its name is no name of a service');
  if (typeof encoding !== 'string' || !Object.hasOwn(CONTENT_TYPES, encoding)) {
    throw fault(`the encoding of ${name} is none`);
  }
  for (const [part, schema] of Object.entries({ request, reply, progress: progress ?? {} })) {
    if (!isObject(schema)) throw fault(`the ${part} of ${name} is no schema`);
  }
  if (!isObject(errors)) throw fault(`the errors of ${name} are none`);
  for (const [code, schema] of Object.entries(errors)) {
    if (!isFailureCode(code) || !isObject(schema)) throw fault(`the error ${code} of ${name} is none`);
  }
  return value as ContractSnapshot;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What zod calls an override: a place in a JSON Schema, and the schema of zod that it stands for. */
interface ZodPlace {
  readonly zodSchema: { readonly _zod: { readonly def: { readonly type: string } } };
  readonly jsonSchema: Record<string, unknown>;
}

/** Types that take every value: for those an empty schema is the truth. */
const TAKES_ALL = new Set(['any', 'unknown']);

/** Where JSON Schema has no form, as for dates, the name of the type stands: as long as it stays, nothing changed. */
const ZOD_OPTIONS = {
  unrepresentable: 'any',
  override: ({ zodSchema, jsonSchema }: ZodPlace) => {
    const { type } = zodSchema._zod.def;
    if (Object.keys(jsonSchema).length === 0 && !TAKES_ALL.has(type)) jsonSchema['x-type'] = type;
  },
};

function jsonSchemaOf({ name, toJsonSchema }: ContractShape, part: string, schema: AnySchema): JsonSchema {
  try {
    if (toJsonSchema) return plain(toJsonSchema(schema));
    const { vendor, jsonSchema } = schema['~standard'] as Partial<StandardJSONSchemaV1.Props> &
      AnySchema['~standard'];
    if (jsonSchema) {
      const options = vendor === 'zod' ? { libraryOptions: ZOD_OPTIONS } : {};
      return plain(jsonSchema.input({ target: 'draft-2020-12', ...options }));
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new InvalidOptionsError(`The ${part} of ${name} has no JSON Schema: ${reason}.`, { cause });
  }
  throw new InvalidOptionsError(
    `The ${part} of ${name} has no JSON Schema: its library (${schema['~standard'].vendor}) gives none; ` +
      'give the contract a toJsonSchema.',
  );
}

/** As it is once it has been in a file: libraries put more than JSON on their schemas. */
function plain(schema: JsonSchema): JsonSchema {
  return JSON.parse(JSON.stringify(schema)) as JsonSchema;
}
