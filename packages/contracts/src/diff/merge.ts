import type { JsonSchema } from '../types';
import { listIn, same, schemasIn, typesOf, type Node, type SchemaRoot, type TypeName } from './json-schema';

/**
 * The alternatives of a schema, each with all that holds for every one of them; the schema itself where there are none.
 */
export function alternativesOf(schema: JsonSchema): readonly Node[] {
  const { anyOf, oneOf, ...common } = schema;
  const branches = [...listIn<Node>(anyOf), ...listIn<Node>(oneOf)];
  if (branches.length > 0) {
    return Object.keys(common).length === 0
      ? branches
      : branches.map((branch) => ({
          allOf: [...listIn<Node>(common['allOf']), without(common, 'allOf'), branch],
        }));
  }
  const { type } = schema;
  return Array.isArray(type) && type.length > 1
    ? type.map((each: unknown) => ({ ...schema, type: each }))
    : [schema];
}

function without(schema: JsonSchema, keyword: string): JsonSchema {
  return Object.fromEntries(Object.entries(schema).filter(([each]) => each !== keyword));
}

/** What a value has to fit, each for itself, to fit a schema; the schema itself where that is all. */
export function conjunctsOf(schema: JsonSchema): readonly Node[] {
  const { allOf, ...rest } = schema;
  const parts = listIn<Node>(allOf);
  if (!('anyOf' in rest && 'oneOf' in rest)) return allOf === undefined ? [schema] : [rest, ...parts];
  const { oneOf, ...others } = rest;
  return [others, { oneOf }, ...parts];
}

/**
 * A schema with its `allOf` folded in, `false` where nothing is of it. Where two parts say what cannot be folded, the
 * first is kept: what is left takes more than it should, never less. So it stands for what is sent; what is taken is
 * held to each of its {@link conjunctsOf}.
 */
export function merged(schema: JsonSchema, root: SchemaRoot): JsonSchema | false {
  const { allOf, ...base } = schema;
  let result: JsonSchema = base;
  for (const node of listIn<Node>(allOf)) {
    const resolved = root.resolve(node);
    const part = resolved === false ? false : merged(resolved, root);
    if (part === false) return false;
    result = both(result, part);
  }
  return result;
}

function both(left: JsonSchema, right: JsonSchema): JsonSchema {
  const result: Record<string, unknown> = { ...left };
  for (const [keyword, value] of Object.entries(right)) {
    result[keyword] = keyword in left ? fold(keyword, left, right) : value;
  }
  return result;
}

function fold(keyword: string, left: JsonSchema, right: JsonSchema): unknown {
  const [ours, theirs] = [left[keyword], right[keyword]];
  switch (keyword) {
    case 'type':
      return commonTypes(left, right);
    case 'required':
      return [...new Set([...listIn<string>(ours), ...listIn<string>(theirs)])];
    case 'properties':
      return commonProperties(schemasIn(ours), schemasIn(theirs));
    case 'enum':
      return listIn(ours).filter((value) => listIn(theirs).some((other) => same(value, other)));
    case 'minimum':
    case 'exclusiveMinimum':
    case 'minLength':
    case 'minItems':
    case 'minProperties':
      return Math.max(Number(ours), Number(theirs));
    case 'maximum':
    case 'exclusiveMaximum':
    case 'maxLength':
    case 'maxItems':
    case 'maxProperties':
      return Math.min(Number(ours), Number(theirs));
    default:
      return ours;
  }
}

function commonTypes(left: JsonSchema, right: JsonSchema): readonly TypeName[] {
  const [ours, theirs] = [typesOf(left), typesOf(right)];
  const common = [...ours].filter((type) => theirs.has(type));
  if (ours.has('number') && theirs.has('integer') && !common.includes('integer')) common.push('integer');
  if (ours.has('integer') && theirs.has('number') && !common.includes('integer')) common.push('integer');
  return common;
}

function commonProperties(
  left: Readonly<Record<string, Node>>,
  right: Readonly<Record<string, Node>>,
): unknown {
  const entries = Object.entries(right).map(([key, node]) => [
    key,
    Object.hasOwn(left, key) && !same(left[key], node) ? { allOf: [left[key], node] } : node,
  ]);
  return { ...left, ...Object.fromEntries(entries) };
}
