import type { JsonSchema } from '../types';
import { pathText } from '../wire/unfit';
import { accepts, matches, valuesOf } from './accepts';
import { beyondBounds } from './bounds';
import {
  listIn,
  refersElsewhere,
  same,
  schemasIn,
  SchemaRoot,
  TooLarge,
  typesOf,
  type Node,
  type TypeName,
} from './json-schema';
import { alternativesOf, conjunctsOf, merged } from './merge';

/** Something that may be sent and is not taken. */
export interface Misfit {
  /** Where, such as `items[].sku`; empty for the whole. */
  readonly path: string;
  readonly message: string;
}

/** Keywords that are compared by what they mean; of all others it is only known whether they are the same. */
const UNDERSTOOD = new Set([
  'type',
  'const',
  'enum',
  'anyOf',
  'oneOf',
  'allOf',
  'properties',
  'required',
  'additionalProperties',
  'items',
  'prefixItems',
  'minimum',
  'exclusiveMinimum',
  'maximum',
  'exclusiveMaximum',
  'multipleOf',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'uniqueItems',
  'minProperties',
  'maxProperties',
]);

/** Schemas within schemas that are compared, at the most. */
const DEPTH_MAX = 200;

/**
 * What values of one schema another does not take. Where it cannot be known, as with two patterns, it is said to be a
 * misfit: a warning too many costs a look, one too few costs an outage. A property that a schema does not mention is
 * not sent, and is taken: that is how peers are told of new ones.
 */
export function misfits(sent: JsonSchema, taken: JsonSchema): readonly Misfit[] {
  try {
    return new Comparison(sent, taken).between(sent, taken, '');
  } catch (error) {
    // Alternatives and intersections that refer to themselves outgrow the stack first.
    if (error instanceof TooLarge || error instanceof RangeError)
      return [{ path: '', message: 'is too large to be compared' }];
    throw error;
  }
}

class Comparison {
  readonly #sent: SchemaRoot;
  readonly #taken: SchemaRoot;
  /** Pairs that are being compared further up: a schema that refers to itself fits if nothing else speaks against it. */
  readonly #open: (readonly [sent: Node, taken: Node, path: string])[] = [];

  constructor(sent: JsonSchema, taken: JsonSchema) {
    this.#sent = new SchemaRoot(sent);
    this.#taken = new SchemaRoot(taken);
  }

  between(sentNode: Node, takenNode: Node, path: string): readonly Misfit[] {
    const sentSchema = this.#sent.resolve(sentNode);
    const sent = sentSchema === false ? false : merged(sentSchema, this.#sent);
    const taken = this.#taken.resolve(takenNode);
    if (sentSchema === false || sent === false) return [];
    if (taken === false) return [{ path, message: 'may be sent, and is not taken' }];
    if (Object.keys(taken).length === 0) return [];
    if ((same(sentSchema, taken) || same(sent, taken)) && !refersElsewhere(taken)) return [];
    const open = this.#open.find(([left, right]) => left === sentNode && right === takenNode);
    // Nothing was taken apart since: there is no end to it.
    if (open?.[2] === path) throw new TooLarge();
    if (open) return [];
    if (this.#open.length >= DEPTH_MAX) return [{ path, message: 'is nested too deep to be compared' }];
    this.#open.push([sentNode, takenNode, path]);
    const conjuncts = conjunctsOf(taken);
    const found =
      conjuncts[0] === taken
        ? this.#whole(sent, conjunctsOf(sentSchema), taken, path)
        : unique(conjuncts.flatMap((each) => this.between(sentNode, each, path)));
    this.#open.pop();
    return found;
  }

  /**
   * What is sent has to fit. Of parts that cannot be folded into one, each gets a say.
   * @param sent - all parts in one, as far as they can be
   */
  #whole(sent: JsonSchema, parts: readonly Node[], taken: JsonSchema, path: string): readonly Misfit[] {
    const found = this.#alternatives(sent, taken, path);
    if (found.length === 0 || parts.length === 1) return found;
    const fits = parts.some((part) => {
      const other = merged({ allOf: [part, ...parts] }, this.#sent);
      return other !== false && !same(other, sent) && this.#alternatives(other, taken, path).length === 0;
    });
    return fits ? [] : found;
  }

  /** Every alternative of what is sent has to fit one of what is taken. */
  #alternatives(sent: JsonSchema, taken: JsonSchema, path: string): readonly Misfit[] {
    const sendable = alternativesOf(sent);
    if (sendable.length > 1 || sendable[0] !== sent) {
      return unique(sendable.flatMap((each) => this.between(each, taken, path)));
    }
    const values = valuesOf(sent);
    if (values) {
      const refused = values.filter((value) => !accepts(value, taken, this.#taken));
      return refused.map((value) => ({ path, message: `${shown(value)} may be sent, and is not taken` }));
    }
    const takable = alternativesOf(taken);
    if (takable[0] === taken) return this.#single(sent, taken, path);
    return this.#among(sent, takable, 'oneOf' in taken, path);
  }

  /** @param exactly - true where what fits more than one alternative is not taken */
  #among(sent: JsonSchema, takable: readonly Node[], exactly: boolean, path: string): readonly Misfit[] {
    const outcomes = takable.map((each) => ({ each, found: this.between(sent, each, path) }));
    const near = outcomes.filter(({ each }) => !this.#disjoint(sent, each));
    if (outcomes.some(({ found }) => found.length === 0)) {
      if (!exactly || near.length <= 1) return [];
      return [{ path, message: `may fit several of ${takable.length} alternatives of which one is taken` }];
    }
    if (near.length === 1) return near[0]!.found;
    return [{ path, message: `fits none of ${takable.length} alternatives that are taken` }];
  }

  /** True where a value is of one of them at the most: by its type, or by what one of its properties is. */
  #disjoint(sent: JsonSchema, takenNode: Node): boolean {
    const resolved = this.#taken.resolve(takenNode);
    const taken = resolved === false ? false : merged(resolved, this.#taken);
    if (taken === false) return true;
    const alternatives = alternativesOf(taken);
    if (alternatives[0] !== taken) return alternatives.every((each) => this.#disjoint(sent, each));
    const types = typesOf(taken);
    if (
      ![...typesOf(sent)].some((type) => isAmong(type, types) || (type === 'number' && types.has('integer')))
    ) {
      return true;
    }
    const properties = schemasIn(taken['properties']);
    return Object.entries(schemasIn(sent['properties'])).some(([key, node]) => {
      const schema = this.#sent.resolve(node);
      const other = Object.hasOwn(properties, key) ? properties[key] : undefined;
      const values = schema === false ? undefined : valuesOf(schema);
      return values && other !== undefined && values.every((value) => !accepts(value, other, this.#taken));
    });
  }

  /** One type, or all, on either side, and no alternatives. */
  #single(sent: JsonSchema, taken: JsonSchema, path: string): readonly Misfit[] {
    const takenTypes = typesOf(taken);
    const sentTypes = typesOf(sent);
    const refused = [...sentTypes].filter((type) => !isAmong(type, takenTypes));
    if (refused.length > 0 && 'type' in taken) {
      const anything = !('type' in sent);
      const what = anything ? 'anything' : refused.join(' or ');
      return [{ path, message: `${what} may be sent, and only ${[...takenTypes].join(' or ')} is taken` }];
    }
    if ('const' in taken || 'enum' in taken) {
      const listed = (valuesOf(taken) ?? []).map(shown).join(', ');
      return [{ path, message: `more may be sent than ${cut(listed)}, which is all that is taken` }];
    }
    const here = [
      ...beyondBounds(sent, taken),
      ...Object.keys(taken)
        .filter((keyword) => !UNDERSTOOD.has(keyword) && !this.#sameKeyword(keyword, sent, taken))
        .map(
          (keyword) =>
            `${keyword} is not the same: ${shown(sent[keyword])} is sent, ${shown(taken[keyword])} taken`,
        ),
    ].map((message) => ({ path, message }));
    const within = [
      ...(sentTypes.has('array') ? this.#items(sent, taken, path) : []),
      ...(sentTypes.has('object') ? this.#properties(sent, taken, path) : []),
    ];
    return [...here, ...within];
  }

  #sameKeyword(keyword: string, sent: JsonSchema, taken: JsonSchema): boolean {
    // Names of properties are text whatever anybody says.
    if (keyword === 'propertyNames' && same(taken[keyword], { type: 'string' })) return true;
    return same(sent[keyword], taken[keyword]);
  }

  #items(sent: JsonSchema, taken: JsonSchema, path: string): readonly Misfit[] {
    const [sentFirst, takenFirst] = [listIn<Node>(sent['prefixItems']), listIn<Node>(taken['prefixItems'])];
    const [sentRest, takenRest] = [nodeOr(sent['items'], true), nodeOr(taken['items'], true)];
    const most = typeof sent['maxItems'] === 'number' ? sent['maxItems'] : Infinity;
    const count = Math.max(sentFirst.length, takenFirst.length);
    const found: Misfit[] = [];
    for (let at = 0; at < Math.min(count, most); at++) {
      found.push(...this.between(sentFirst[at] ?? sentRest, takenFirst[at] ?? takenRest, `${path}[${at}]`));
    }
    if (most > count) found.push(...this.between(sentRest, takenRest, `${path}[]`));
    if (taken['uniqueItems'] === true && sent['uniqueItems'] !== true) {
      found.push({ path, message: 'may have the same item twice' });
    }
    return found;
  }

  #properties(sent: JsonSchema, taken: JsonSchema, path: string): readonly Misfit[] {
    const [sentNodes, takenNodes] = [schemasIn(sent['properties']), schemasIn(taken['properties'])];
    const others = sent['additionalProperties'];
    const takesOthers = nodeOr(taken['additionalProperties'], true);
    const always = new Set(listIn<string>(sent['required']));
    const found: Misfit[] = [];
    for (const key of new Set([...Object.keys(takenNodes), ...listIn<string>(taken['required'])])) {
      const at = keyPath(path, key);
      const takenNode = Object.hasOwn(takenNodes, key) ? takenNodes[key]! : takesOthers;
      const sentNode = Object.hasOwn(sentNodes, key) ? sentNodes[key]! : nodeOr(others, false);
      found.push(...this.between(sentNode, takenNode, at));
      if (!listIn<string>(taken['required']).includes(key) || always.has(key)) continue;
      const optional = this.#sent.resolve(sentNode) !== false;
      found.push({ path: at, message: `${optional ? 'may be left out' : 'is not sent'}, and is required` });
    }
    for (const [key, node] of Object.entries(sentNodes)) {
      if (Object.hasOwn(takenNodes, key)) continue;
      found.push(...this.between(node, takesOthers, keyPath(path, key)));
    }
    found.push(...this.between(nodeOr(others, false), takesOthers, `${path}.*`));
    const named = Object.entries(takenNodes).filter(([key]) => !Object.hasOwn(sentNodes, key));
    const takenPatterns = schemasIn(taken['patternProperties']);
    for (const [pattern, node] of Object.entries(schemasIn(sent['patternProperties']))) {
      if (!Object.hasOwn(takenPatterns, pattern)) {
        found.push(...this.between(node, takesOthers, `${path}[/${pattern}/]`));
      }
      for (const [key, takenNode] of named) {
        if (matches(key, pattern)) found.push(...this.between(node, takenNode, keyPath(path, key)));
      }
    }
    return found;
  }
}

function isAmong(type: TypeName, types: ReadonlySet<TypeName>): boolean {
  return types.has(type) || (type === 'integer' && types.has('number'));
}

function nodeOr(value: unknown, otherwise: Node): Node {
  return typeof value === 'boolean' || (typeof value === 'object' && value !== null)
    ? (value as Node)
    : otherwise;
}

function keyPath(path: string, key: string): string {
  const own = pathText([key]);
  return path === '' || own.startsWith('[') ? `${path}${own}` : `${path}.${own}`;
}

/** Alternatives that differ in one place have the rest of their misfits in common. */
function unique(found: readonly Misfit[]): readonly Misfit[] {
  return [...new Map(found.map((each) => [`${each.path} ${each.message}`, each])).values()];
}

const TEXT_MAX = 80;
const cut = (text: string): string => (text.length <= TEXT_MAX ? text : `${text.slice(0, TEXT_MAX - 1)}…`);
const shown = (value: unknown): string => cut(value === undefined ? 'none' : JSON.stringify(value));
