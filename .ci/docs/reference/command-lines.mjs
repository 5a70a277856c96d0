// Command lines in documents and in the help: whether there is such a command, and whether it takes such flags.

/** @typedef {import('./sources.mjs').Sources} Sources */

/** A command line up to where another one begins: a pipe, the end of the line, a comment, what is run by a worker. */
const LINE = /(?<![\w/@.-])majordomo((?: [^\s|;&#`<>\\]+| ?\\\n *)+)/g;
const FLAG = /^--[a-z][a-z-]*/;

/** What every command takes. */
const ALWAYS = ['--help', '--version', '--config'];

export class CommandLines {
  #flags;

  /** @param {Sources} sources */
  constructor({ COMMANDS, SETTINGS, flagOf }) {
    /** @type {ReadonlyMap<string, ReadonlySet<string>>} */
    this.#flags = new Map(
      COMMANDS.map(({ name, settings }) => {
        /** @type {readonly import('../../../packages/cli/src/settings/setting').Setting[]} */
        const each = settings.map((key) => SETTINGS[key]);
        const own = each.map(({ flag }, index) => flagOf(flag ?? String(settings[index])));
        return [name, new Set([...ALWAYS, ...own])];
      }),
    );
  }

  /** Every flag that there is. @returns {ReadonlySet<string>} */
  get all() {
    return new Set([...this.#flags.values()].flatMap((flags) => [...flags]));
  }

  /**
   * What is wrong with the command lines in a text.
   * @param {string} text
   * @returns {string[]}
   */
  faultsIn(text) {
    return [...text.matchAll(LINE)].flatMap(([line, rest = '']) => {
      const words = rest.split(/[\s\\]+/).filter(Boolean);
      const flags = words
        .slice(0, words.includes('--') ? words.indexOf('--') : undefined)
        .filter((word) => FLAG.test(word));
      if (flags.length === 0) return [];
      const name = [words.slice(0, 2).join(' '), words[0] ?? ''].find((each) => this.#flags.has(each));
      const known = name === undefined ? new Set(ALWAYS) : this.#flags.get(name);
      return flags
        .map((flag) => FLAG.exec(flag)?.[0] ?? flag)
        .filter((flag) => !known?.has(flag))
        .map((flag) => `${line.trim()}: ${name ?? 'majordomo'} does not take ${flag}`);
    });
  }
}
