/** Tells whether a text fits. */
export type Matcher = (text: string) => boolean;

/**
 * The matcher of a pattern: `*` stands for any characters, none included, everything else for itself. Each part between
 * two stars is looked for once, from left to right, so that no pattern and no text takes long.
 */
export function globOf(pattern: string): Matcher {
  const parts = pattern.split('*');
  const first = parts[0] ?? '';
  if (parts.length === 1) return (text) => text === first;
  const last = parts[parts.length - 1] ?? '';
  const between = parts.slice(1, -1);
  return (text) => {
    if (text.length < first.length + last.length) return false;
    if (!text.startsWith(first) || !text.endsWith(last)) return false;
    const end = text.length - last.length;
    let at = first.length;
    for (const part of between) {
      const found = text.indexOf(part, at);
      if (found < 0 || found + part.length > end) return false;
      at = found + part.length;
    }
    return true;
  };
}

/** Texts of which it is remembered whether they fit: peers choose them, so there is a bound. */
const REMEMBERED_MAX = 4_096;

/** True for what fits one of some patterns. */
export class Patterns {
  readonly #matchers: readonly Matcher[];
  readonly #known = new Map<string, boolean>();

  constructor(patterns: readonly string[]) {
    this.#matchers = patterns.map(globOf);
  }

  has(text: string): boolean {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const fits = this.#matchers.some((matcher) => matcher(text));
    if (this.#known.size >= REMEMBERED_MAX) this.#known.clear();
    this.#known.set(text, fits);
    return fits;
  }
}
