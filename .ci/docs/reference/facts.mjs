// What a schema of zod takes, and what it makes of nothing.
import { range, unitOf } from './words.mjs';

/**
 * The part of JSON Schema that zod makes of ours.
 * @typedef {object} JsonSchema
 * @property {string} [title]
 * @property {string | string[]} [type]
 * @property {unknown} [default]
 * @property {number} [minimum]
 * @property {number} [maximum]
 * @property {number} [exclusiveMinimum]
 * @property {number} [minLength]
 * @property {number} [maxLength]
 * @property {string} [pattern]
 * @property {string} [format]
 * @property {unknown[]} [enum]
 * @property {unknown} [const]
 * @property {JsonSchema[]} [anyOf]
 * @property {Record<string, JsonSchema>} [properties]
 * @property {JsonSchema} [additionalProperties] - of a record: each of its values
 * @property {string[]} [required]
 */

/**
 * One option; those within others have dotted names.
 * @typedef {object} Fact
 * @property {string} key
 * @property {string | undefined} takes - `undefined` where the schema has no word for it
 * @property {unknown} fallback - `undefined` where there is none
 * @property {boolean} required
 */

/**
 * @param {import('zod').ZodType} schema
 * @param {import('./sources.mjs').Sources['z']} z
 * @returns {JsonSchema}
 */
export function jsonOf(schema, z) {
  return /** @type {JsonSchema} */ (z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }));
}

/**
 * @param {JsonSchema} object
 * @param {string} [prefix]
 * @returns {Fact[]}
 */
export function factsOf({ properties = {}, required = [] }, prefix = '') {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const key = `${prefix}${name}`;
    if (schema.properties) return factsOf(schema, `${key}.`);
    return [
      { key, takes: takesOf(name, schema), fallback: schema.default, required: required.includes(name) },
    ];
  });
}

/**
 * The keys of the object that a schema takes beside other things.
 * @param {JsonSchema | undefined} schema
 * @returns {string[]}
 */
export function keysWithin({ properties, anyOf = [] } = {}) {
  return properties
    ? Object.keys(properties)
    : (anyOf.map(keysWithin).find(({ length }) => length > 0) ?? []);
}

/** @param {JsonSchema | undefined} schema */
export function isNullable({ type = [], anyOf = [] } = {}) {
  return [type].flat().includes('null') || anyOf.some((each) => each.type === 'null');
}

/**
 * @param {string} name
 * @param {JsonSchema} schema
 * @returns {string | undefined}
 */
export function takesOf(name, schema) {
  const { type, anyOf, title } = schema;
  if (title !== undefined) return title;
  if (anyOf) return oneOf(name, anyOf);
  if (Array.isArray(type))
    return oneOf(
      name,
      type.map((each) => ({ ...schema, type: each })),
    );
  if (schema.const !== undefined) return `\`${String(schema.const)}\``;
  if (schema.enum) return schema.enum.map((each) => `\`${String(each)}\``).join(', ');
  switch (type) {
    case 'boolean':
      return '`true`, `false`';
    case 'null':
      return '`null`';
    case 'integer':
    case 'number': {
      const unit = unitOf(name);
      return `${unit && `${unit}, `}${range(schema, unit)}`;
    }
    case 'string':
      return schema.pattern === undefined ? charactersOf(schema) : undefined;
    default:
      return undefined;
  }
}

/**
 * @param {string} name
 * @param {JsonSchema[]} schemas
 */
function oneOf(name, schemas) {
  const words = schemas.map((each) => takesOf(name, each));
  return words.includes(undefined) ? undefined : words.join(', or ');
}

/** @param {JsonSchema} schema */
function charactersOf({ minLength, maxLength }) {
  return maxLength === undefined ? undefined : `${minLength ?? 0} – ${maxLength} characters`;
}
