import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { CallError } from './errors';
import type { Encoding } from './wire/encoding';

/** A schema of zod, valibot, arktype or any other that keeps to Standard Schema (https://standardschema.dev). */
export type AnySchema = StandardSchemaV1;

/** Stands for the schema of progress where a contract has none: no value is of it. */
export type NoProgress = StandardSchemaV1<never, never>;

/** The schemas of the details of errors, by code. */
export type ErrorSchemas = Readonly<Record<string, AnySchema>>;

/** Stands for the errors of a contract that declares none. */
export type NoErrors = Readonly<Record<never, AnySchema>>;

/** What is to be given where a schema takes it. */
export type Given<Schema extends AnySchema> = StandardSchemaV1.InferInput<Schema>;

/** What comes out of a schema. */
export type Got<Schema extends AnySchema> = StandardSchemaV1.InferOutput<Schema>;

/** The codes of errors. */
export type CodeOf<Errors extends ErrorSchemas> = keyof Errors & string;

/** Every error that a contract declares, told apart by `workerCode`; or only those of one code. */
export type CallErrorOf<Errors extends ErrorSchemas, Code extends CodeOf<Errors> = CodeOf<Errors>> = {
  [Each in Code]: CallError<Each, Got<Errors[Each]>>;
}[Code];

/** JSON Schema, draft 2020-12 or draft 7. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** What every contract has, whatever its types. */
export interface ContractShape {
  readonly name: string;
  readonly request: AnySchema;
  readonly reply: AnySchema;
  readonly progress: AnySchema | undefined;
  readonly errors: ErrorSchemas;
  readonly encoding: Encoding;
  readonly toJsonSchema: ((schema: AnySchema) => JsonSchema) | undefined;
}
