// docs/CLI.md: every command with what it takes, from what the help is made of.
import { factsOf, jsonOf, takesOf } from './facts.mjs';
import { table, writtenIn } from './regions.mjs';
import { amount, unitOf, wrapped } from './words.mjs';

/** @typedef {import('./sources.mjs').Sources} Sources */
/** @typedef {Sources['COMMANDS'][number]} Definition */
/** @typedef {keyof Sources['SETTINGS']} Key */
/** @typedef {import('../../../packages/cli/src/settings/setting').Setting} Setting */
/** @typedef {import('../../../packages/cli/src/settings/flags').Fallbacks} Fallbacks */

export const CLI = 'docs/CLI.md';

/** What text is, by what stands for it in the help; of numbers, spans and words the schema says it. */
const TEXTS = {
  bytes: '',
  column: '',
  cursor: '1 – 64 characters',
  endpoint: 'endpoint, may be repeated',
  file: 'path of a file',
  folder: 'path of a folder',
  'host:port': '`HOST:PORT`',
  key: 'Z85, 40 characters',
  'service:key=value,...': 'see [rules](#rules-and-retention), may be repeated',
  'state:key=value,...': 'see [retention](#rules-and-retention), may be repeated',
  store: '`sqlite:FILE`, `postgres://…`',
  time: 'time with its offset',
  uuid: '32 hex characters',
  name: 'lower-case name, up to 41 characters',
};

/** @param {string} name */
const anchor = (name) => `#majordomo-${name.replaceAll(' ', '-')}`;
/** @param {string} name */
const link = (name) => `[\`${name}\`](${anchor(name)})`;

export class CliReference {
  #sources;

  /** @param {Sources} sources */
  constructor(sources) {
    this.#sources = sources;
  }

  /** The regions of docs/CLI.md by name. @returns {Map<string, import('./regions.mjs').Maker>} */
  regions() {
    const { COMMANDS } = this.#sources;
    return new Map([
      ['commands', () => this.#commands()],
      ['exit codes', (/** @type {string} */ before) => this.#exitCodes(before)],
      ['reaching a broker', () => this.#options(this.#reaching, { defaults: {} })],
      ['rules', () => this.#entries('defaults', this.#sources.RULES)],
      ['retention', () => this.#entries('retention.dead', this.#sources.RETENTION)],
      ['settings', () => this.#settings()],
      ...COMMANDS.map(
        (command) => /** @type {const} */ ([`majordomo ${command.name}`, () => this.#command(command)]),
      ),
    ]);
  }

  /** How commands find their broker: told once for all. @returns {Key[]} */
  get #reaching() {
    return ['broker', 'protocol', ...this.#sources.CURVE_SETTINGS];
  }

  /** @param {string} name @returns {Definition} */
  #called(name) {
    const found = this.#sources.COMMANDS.find((command) => command.name === name);
    if (!found) throw new Error(`There is no command ${name}.`);
    return found;
  }

  #commands() {
    const rows = this.#sources.COMMANDS.map(({ name, summary }) => [link(name), summary]);
    return table(['Command', 'What it does'], rows);
  }

  /** Of all errors those that end with each code; for instance, by people. @param {string} before */
  #exitCodes(before) {
    const { EXIT_MEANINGS, ERROR_CODES, exitCodeOfCode } = this.#sources;
    const written = writtenIn(before);
    const rows = Object.entries(EXIT_MEANINGS).map(([code, meaning]) => {
      const errors = ERROR_CODES.filter((error) => String(exitCodeOfCode(error)) === code);
      return [code, meaning, errors.map((error) => `\`${error}\``).join(', '), written.get(code) ?? ''];
    });
    return table(['Code', 'Meaning', 'Errors of the library', 'For instance'], rows);
  }

  /** @param {Definition} command */
  #command(command) {
    const { name, description, operands, examples } = command;
    const usage = ['majordomo', name, '[options]', ...operands.map(([notation]) => notation)].join(' ');
    const parts = [`\`\`\`text\n${usage}\n\`\`\``, wrapped(description)];
    if (operands.length > 0) {
      const rows = operands.map(([notation, purpose]) => [`\`${notation}\``, purpose]);
      parts.push(table(['Operand', 'What it is'], rows));
    }
    const { own, shared } = this.#sharedBy(command);
    if (own.length > 0) parts.push(this.#options(own, command));
    if (shared !== '') parts.push(wrapped(shared));
    const lines = examples.map(([line, purpose]) => `# ${purpose}\n${line}`);
    parts.push(`\`\`\`sh\n${lines.join('\n')}\n\`\`\``);
    return parts.join('\n\n');
  }

  /**
   * What a command has for itself, and what is told elsewhere.
   * @param {Definition} command
   * @returns {{ own: Key[], shared: string }}
   */
  #sharedBy({ name, settings, defaults }) {
    if (name === 'up') return this.#sharedByUp(settings, defaults);
    const lacking = this.#reaching.filter((key) => !settings.includes(key));
    if (!settings.includes('broker')) return { own: [...settings], shared: '' };
    return {
      own: settings.filter((key) => !this.#reaching.includes(key)),
      shared: `And what it takes to [reach a broker](#reaching-a-broker)${lacking.length > 0 ? `, but for ${this.#flags(lacking)}` : ''}.`,
    };
  }

  /** @param {Definition['settings']} settings @param {Definition['defaults']} defaults */
  #sharedByUp(settings, defaults) {
    const parts = ['broker', 'titanic'].map((name) => this.#called(name));
    const told = new Set(parts.flatMap((part) => part.settings));
    const all = parts.map((part) => {
      const lacking = part.settings.filter((key) => !settings.includes(key));
      return `those of ${link(part.name)} but for ${this.#flags(lacking)}`;
    });
    return {
      own: settings.filter((key) => !told.has(key) || key in defaults),
      shared: `And ${all.join('; and ')}.`,
    };
  }

  /** @param {readonly Key[]} keys */
  #flags(keys) {
    return keys.map((key) => `\`${this.#flagOf(key)}\``).join(', ');
  }

  /** @param {Key} key @returns {Setting} */
  #setting(key) {
    return this.#sources.SETTINGS[key];
  }

  /** @param {Key} key */
  #flagOf(key) {
    return this.#sources.flagOf(this.#setting(key).flag ?? key);
  }

  /** @param {readonly Key[]} keys @param {Fallbacks} fallbacks */
  #options(keys, fallbacks) {
    const rows = keys.map((key) => {
      const { description, placeholder, flagOnly } = this.#setting(key);
      const flag = `${this.#flagOf(key)}${placeholder ? ` <${placeholder}>` : ''}`;
      const inFile = flagOnly ? '–' : `\`${key}\``;
      return [`\`${flag}\``, this.#takes(key), this.#fallback(key, fallbacks), inFile, description];
    });
    return table(['Option', 'Takes', 'Default', 'In a file', 'What it does'], rows);
  }

  /** As it would be written, and large ones as they are read. @param {Key} key @param {Fallbacks} fallbacks */
  #fallback(key, fallbacks) {
    const fallback = this.#sources.fallbackOf(key, fallbacks);
    if (!fallback) return '–';
    if ('words' in fallback) return fallback.words;
    const unit = unitOf(key);
    const read = unit === '' ? '' : amount(Number(fallback.value), unit);
    return `\`${fallback.value}\`${/[a-z]$/i.test(read) ? ` (${read})` : ''}`;
  }

  /** @param {Key} key @returns {string} */
  #takes(key) {
    const { takes, schema, placeholder = '' } = this.#setting(key);
    if (takes === 'switch') return 'nothing';
    const words =
      takesOf(key, jsonOf(schema, this.#sources.z)) ??
      /** @type {Record<string, string>} */ (TEXTS)[placeholder];
    if (words) return words;
    throw new Error(`Nobody knows what ${this.#flagOf(key)} takes: say it in .ci/docs/reference/cli.mjs.`);
  }

  /**
   * What an entry may say: the options of a titanic under other names, and with units for times.
   * @param {string} path - where the library has them
   * @param {readonly string[]} keys
   */
  #entries(path, keys) {
    const { titanicOptionsSchema, wordOf, z } = this.#sources;
    const facts = factsOf(jsonOf(titanicOptionsSchema, z));
    const rows = keys.map((key) => {
      const fact = facts.find((each) => each.key === `${path}.${key}`);
      if (!fact) throw new Error(`No titanic has ${path}.${key}.`);
      const takes = key.endsWith('Ms') ? 'time span' : fact.takes;
      return [`\`${wordOf(key)}\``, takes ?? '', `\`${key}\``];
    });
    return table(['Key', 'Takes', 'In a file'], rows);
  }

  /** What can be set in a file or by a variable, in the order of its names. */
  #settings() {
    const { SETTINGS, variableOf } = this.#sources;
    const keys = /** @type {Key[]} */ (Object.keys(SETTINGS)).filter((key) => !this.#setting(key).flagOnly);
    const rows = keys
      .sort()
      .map((key) => [
        `\`${this.#flagOf(key)}\``,
        `\`${variableOf(key)}\``,
        key === 'config' ? '–' : `\`${key}\``,
        this.#commandsWith(key),
      ]);
    return table(['Option', 'Variable', 'In a file', 'Commands'], rows);
  }

  /** @param {Key} key */
  #commandsWith(key) {
    const { COMMANDS } = this.#sources;
    if (key === 'config') return 'all';
    const having = COMMANDS.filter(({ settings }) => settings.includes(key));
    const lacking = COMMANDS.filter((command) => !having.includes(command));
    const names = (/** @type {readonly Definition[]} */ commands) =>
      commands.map(({ name }) => name).join(', ');
    return having.length <= lacking.length ? names(having) : `all but ${names(lacking)}`;
  }
}
