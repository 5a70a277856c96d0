import { CliError, EXIT, UsageError } from '../exit';
import { readConfigFile } from './config-file';
import { flagOf, variableOf, type Setting } from './setting';
import { withoutPassword } from './store';
import { isSettingKey, SETTINGS, type SettingKey, type Settings } from './table';

/** Where settings come from, the strongest first; the config file that they name comes third. */
export interface SettingSources {
  /** As the command line has them, by what their flags are made of: text, lists of text, `true` for switches. */
  readonly flags: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Defaults of one command, in place of those in the table. */
  readonly defaults: Partial<Settings<SettingKey>>;
}

/** A value and who said it. */
interface Given {
  readonly value: unknown;
  /** `--heartbeat-ms`, `MAJORDOMO_HEARTBEAT_MS`, `heartbeatMs in FILE` */
  readonly source: string;
}

/**
 * The settings of one command: flags over environment over config file over defaults, validated.
 * @throws CliError naming the source of a value that does not fit
 */
export async function resolveSettings<Key extends SettingKey>(
  keys: readonly Key[],
  sources: SettingSources,
): Promise<Settings<Key>> {
  const path = pick('config', sources, {});
  const file = path === undefined ? {} : await readConfig(String(path.value));
  const settings = keys.map((key) => {
    const given = pick(key, sources, file);
    return [
      key,
      given ? check(key, given) : (sources.defaults[key] ?? SETTINGS[key].schema.parse(undefined)),
    ];
  });
  return Object.freeze(Object.fromEntries(settings)) as Settings<Key>;
}

type ConfigFile = Partial<Record<SettingKey, Given>>;

/** Every value of a config file is checked, whether this command uses it or not. */
async function readConfig(path: string): Promise<ConfigFile> {
  const file: ConfigFile = {};
  for (const [key, value] of Object.entries(await readConfigFile(path))) {
    const source = `${key} in ${path}`;
    if (!isSettingKey(key) || key === 'config' || isFlagOnly(key)) {
      throw new UsageError(`${source} is not a setting`);
    }
    file[key] = { value, source };
    check(key, file[key]);
  }
  return file;
}

function isFlagOnly(key: SettingKey): boolean {
  return (SETTINGS[key] as Setting).flagOnly ?? false;
}

function pick(key: SettingKey, { flags, env }: SettingSources, file: ConfigFile): Given | undefined {
  const flag = (SETTINGS[key] as Setting).flag ?? key;
  if (flags[flag] !== undefined) return { value: readText(key, flags[flag]), source: flagOf(flag) };
  const variable = variableOf(key);
  // An empty variable is an unset one, as everywhere in a shell.
  if (env[variable] && !isFlagOnly(key)) return { value: readText(key, env[variable]), source: variable };
  return file[key];
}

/** Text as the value that it stands for. What stands for none is left as it is, for the schema to refuse. */
function readText(key: SettingKey, text: unknown): unknown {
  switch (SETTINGS[key].takes) {
    case 'number':
      return typeof text === 'string' && /^-?\d+$/.test(text) ? Number(text) : text;
    case 'list':
      return [text].flat().flatMap((item) => String(item).split(','));
    case 'entries':
      return [text].flat().flatMap((item) => String(item).split(';'));
    case 'switch':
      return typeof text === 'string' ? readSwitch(text) : text;
    case 'text':
      return text;
  }
}

function readSwitch(text: string): boolean | string {
  if (/^(?:1|true|yes|on)$/i.test(text)) return true;
  return /^(?:0|false|no|off)$/i.test(text) ? false : text;
}

function check(key: SettingKey, { value, source }: Given): unknown {
  const setting: Setting = SETTINGS[key];
  const parsed = setting.schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const fault = parsed.error.issues[0]?.message ?? 'does not fit';
  throw new CliError(setting.faultExit ?? EXIT.usage, `${source} ${fault}, got ${shown(value)}`);
}

const SHOWN_LENGTH_MAX = 200;

function shown(value: unknown): string {
  const single = Array.isArray(value) && value.length === 1 ? value[0] : value;
  return withoutPassword(JSON.stringify(single) ?? String(single)).slice(0, SHOWN_LENGTH_MAX);
}
