import type { JsonSchema } from '../types';

/** A schema, or a boolean: `true` for every value, `false` for none. */
export type Node = JsonSchema | boolean;

export const TYPES = ['null', 'boolean', 'integer', 'number', 'string', 'array', 'object'] as const;
export type TypeName = (typeof TYPES)[number];

/** Keywords that say nothing of which values are taken. */
const ANNOTATIONS = new Set([
  '$schema',
  '$id',
  '$anchor',
  '$comment',
  '$defs',
  'definitions',
  'title',
  'description',
  'default',
  'examples',
  'deprecated',
  'readOnly',
  'writeOnly',
  'contentMediaType',
]);

/** One side of a comparison: a whole schema, in which references are looked up. */
export class SchemaRoot {
  #looks = 0;

  constructor(readonly root: Node) {}

  /**
   * A schema without annotations, references followed, tuples of draft 7 as those of 2020-12. One that refers to nothing
   * is one that takes everything, with a keyword of its own: equal to itself, and to nothing else.
   * @throws TooLarge where there is no end to it
   */
  resolve(node: Node): Exclude<Node, true> {
    if (++this.#looks > LOOKS_MAX) throw new TooLarge();
    let at: unknown = node;
    for (let hops = 0; hops < HOPS_MAX; hops++) {
      if (at === true) return {};
      if (at === false) return false;
      const { $ref, ...rest } = at as JsonSchema;
      if (typeof $ref !== 'string') return normal(at as JsonSchema);
      const target = this.#find($ref);
      if (target === undefined) return { $ref };
      const beside = normal(rest);
      at = beside !== false && Object.keys(beside).length === 0 ? target : { allOf: [target, beside] };
    }
    return { $ref: 'endless' };
  }

  /** `#`, `#/$defs/Node`: JSON pointers into this schema. */
  #find(ref: string): unknown {
    if (!ref.startsWith('#')) return undefined;
    let at: unknown = this.root;
    for (const part of ref.slice(1).split('/').slice(1)) {
      const key = keyIn(part);
      if (typeof at !== 'object' || at === null || key === undefined || !Object.hasOwn(at, key))
        return undefined;
      at = (at as Record<string, unknown>)[key];
    }
    return at;
  }
}

/** The key that a part of a JSON pointer in a URI stands for; `undefined` where it is none. */
function keyIn(part: string): string | undefined {
  try {
    return decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~');
  } catch {
    return undefined;
  }
}

/** Schemas that are looked at in one comparison, at the most: what refers to itself in many ways has no end of them. */
const LOOKS_MAX = 50_000;

/** A schema that is not compared to its end. */
export class TooLarge extends Error {
  override name = 'TooLarge';
}

/** References that lead to references, at the most. */
const HOPS_MAX = 100;

/** Without annotations; `false` where nothing at all is taken. */
function normal(schema: JsonSchema): JsonSchema | false {
  const { not } = schema;
  if (not === true || (typeof not === 'object' && not !== null && Object.keys(not).length === 0))
    return false;
  const { items, additionalItems, ...rest } = Object.fromEntries(
    Object.entries(schema).filter(([keyword]) => !ANNOTATIONS.has(keyword)),
  );
  if (!Array.isArray(items)) return items === undefined ? rest : { ...rest, items };
  return { ...rest, prefixItems: items, ...(additionalItems !== undefined && { items: additionalItems }) };
}

/** The types that a schema takes by its `type`; all where it does not say. */
export function typesOf({ type }: JsonSchema): ReadonlySet<TypeName> {
  if (type === undefined) return new Set(TYPES);
  return new Set([type].flat().filter((name): name is TypeName => TYPES.includes(name as TypeName)));
}

/** The type of a value; whole numbers are integers. */
export function typeOf(value: unknown): TypeName {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value as TypeName;
}

/** A record of schemas, such as `properties`. */
export function schemasIn(value: unknown): Readonly<Record<string, Node>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, Node>) : {};
}

/** A list, such as `required`; none where it is none. */
export function listIn<Item>(value: unknown): readonly Item[] {
  return Array.isArray(value) ? (value as Item[]) : [];
}

/** Parts that are looked at to see whether two values are the same; beyond that they are taken for different. */
const PARTS_MAX = 10_000;

/** True where two values of JSON say the same, whatever the order of their keys. */
export function same(left: unknown, right: unknown): boolean {
  return alike(left, right, { parts: PARTS_MAX });
}

function alike(left: unknown, right: unknown, rest: { parts: number }): boolean {
  if (left === right) return true;
  if (rest.parts-- <= 0) return false;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  if (Array.isArray(left) !== Array.isArray(right)) return false;
  const keys = Object.keys(left);
  if (keys.length !== Object.keys(right).length) return false;
  return keys.every(
    (key) =>
      Object.hasOwn(right, key) &&
      alike((left as Record<string, unknown>)[key], (right as Record<string, unknown>)[key], rest),
  );
}

/** True where a schema refers to another place of its own root, so that its text does not say what it means. */
export function refersElsewhere(value: unknown, rest = { parts: PARTS_MAX }): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (rest.parts-- <= 0) return true;
  return Object.entries(value).some(
    ([key, item]) =>
      (key === '$ref' && typeof item === 'string' && item.startsWith('#')) || refersElsewhere(item, rest),
  );
}
