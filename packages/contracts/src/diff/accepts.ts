import type { JsonSchema } from '../types';
import { beyondBounds } from './bounds';
import { listIn, same, typeOf, typesOf, type Node, type SchemaRoot } from './json-schema';
import { alternativesOf, conjunctsOf } from './merge';

/** The values that a schema takes, where it lists them. */
export function valuesOf(schema: JsonSchema): readonly unknown[] | undefined {
  if ('const' in schema) return [schema['const']];
  if (Array.isArray(schema['enum'])) return schema['enum'];
  switch (schema['type']) {
    case 'null':
      return [null];
    case 'boolean':
      return [true, false];
    default:
      return undefined;
  }
}

/** Keywords that a single value is held against. */
const DECIDED = new Set([
  'type',
  'const',
  'enum',
  'minimum',
  'exclusiveMinimum',
  'maximum',
  'exclusiveMaximum',
  'multipleOf',
  'minLength',
  'maxLength',
  'pattern',
]);

/** True where a schema certainly takes a value; a list or an object only where it is listed, or every one is taken. */
export function accepts(value: unknown, node: Node, root: SchemaRoot): boolean {
  const schema = root.resolve(node);
  if (schema === false) return false;
  const conjuncts = conjunctsOf(schema);
  if (conjuncts[0] !== schema) return conjuncts.every((conjunct) => accepts(value, conjunct, root));
  const alternatives = alternativesOf(schema);
  if (alternatives[0] !== schema) {
    const accepting = alternatives.filter((alternative) => accepts(value, alternative, root)).length;
    return 'oneOf' in schema ? accepting === 1 : accepting > 0;
  }
  if ('const' in schema && !same(value, schema['const'])) return false;
  if ('enum' in schema && !listIn(schema['enum']).some((each) => same(value, each))) return false;
  if ('const' in schema || 'enum' in schema) return true;
  const type = typeOf(value);
  const types = typesOf(schema);
  if (!types.has(type) && !(type === 'integer' && types.has('number'))) return false;
  if (typeof value === 'object' && value !== null) return Object.keys(schema).every((key) => key === 'type');
  return Object.keys(schema).every((key) => DECIDED.has(key)) && holds(value, schema);
}

function holds(value: unknown, schema: JsonSchema): boolean {
  if (typeof value === 'number') {
    const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema;
    const exactly = { type: typeOf(value), minimum: value, maximum: value, multipleOf: value };
    return (
      beyondBounds(exactly, { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf }).length === 0
    );
  }
  if (typeof value !== 'string') return true;
  const length = [...value].length;
  const { minLength, maxLength, pattern } = schema;
  const inBounds =
    beyondBounds({ minLength: length, maxLength: length }, { minLength, maxLength }).length === 0;
  return inBounds && (pattern === undefined || matches(value, pattern));
}

/** True where text is certainly of a pattern. */
export function matches(value: string, pattern: unknown): boolean {
  try {
    return new RegExp(String(pattern), 'u').test(value);
  } catch {
    return false;
  }
}
