import type { ContractIssue } from '@majordomo/protocol';

/** Characters of a message or path that an issue keeps. */
const TEXT_MAX = 200;
/** Issues that are told; who has more of them has seen enough. */
const ISSUES_MAX = 10;

/** A value that does not fit, before it is known which message of which service it is. */
export class Unfit extends Error {
  override name = 'Unfit';
  readonly issues: readonly ContractIssue[];

  constructor(issues: readonly ContractIssue[], options?: ErrorOptions) {
    super('does not fit', options);
    this.issues = issues
      .slice(0, ISSUES_MAX)
      .map(({ path, message }) => ({ path: cut(path), message: cut(message) }));
  }

  /** One thing that is wrong with the whole, or at a path. */
  static because(message: string, { path = '', cause }: { path?: string; cause?: unknown } = {}): Unfit {
    return new Unfit([{ path, message }], cause === undefined ? undefined : { cause });
  }
}

function cut(text: string): string {
  return text.length <= TEXT_MAX ? text : `${text.slice(0, TEXT_MAX - 1)}…`;
}

const IDENTIFIER = /^[\p{L}_$][\p{L}\p{N}_$]*$/u;

/** `items[2].sku`: keys from the outside in, as one would write them in code. */
export function pathText(keys: readonly PropertyKey[]): string {
  let text = '';
  for (const key of keys) {
    if (typeof key === 'number' || /^\d+$/.test(String(key))) text += `[${String(key)}]`;
    else if (!IDENTIFIER.test(String(key))) text += `[${JSON.stringify(String(key))}]`;
    else text += text === '' ? String(key) : `.${String(key)}`;
  }
  return text;
}
