import { Option } from 'commander';
import { flagOf, variableOf, type Setting } from './setting';
import { SETTINGS, type SettingKey, type Settings } from './table';

/** What a command has in place of what the table says. */
export interface Fallbacks {
  readonly defaults: Partial<Settings<SettingKey>>;
  readonly otherwise?: Partial<Record<SettingKey, string>>;
}

/** The flag of a setting, its value left as text; the help tells its default and its variable. */
export function flagFor(key: SettingKey, fallbacks: Fallbacks): Option {
  const setting: Setting = SETTINGS[key];
  const name = flagOf(setting.flag ?? key);
  const flag = setting.placeholder ? `${name} <${setting.placeholder}>` : name;
  const option = new Option(flag, describe(key, setting, fallbacks));
  if (setting.takes !== 'list' && setting.takes !== 'entries') return option;
  return option.argParser((item: string, items: string[] = []) => [...items, item]);
}

/** What holds where a setting is not given: a value as it would be written, or words. */
export type Fallback = { readonly value: string } | { readonly words: string };

/** What holds where a setting is not given to a command; `undefined` where that is nothing. */
export function fallbackOf(key: SettingKey, { defaults, otherwise }: Fallbacks): Fallback | undefined {
  const setting: Setting = SETTINGS[key];
  const value = defaults[key] ?? setting.schema.parse(undefined);
  if (value !== undefined && value !== false) return { value: (setting.show ?? shown)(value as never) };
  const words = otherwise?.[key] ?? setting.otherwise;
  return words === undefined ? undefined : { words };
}

function describe(key: SettingKey, setting: Setting, fallbacks: Fallbacks): string {
  const fallback = fallbackOf(key, fallbacks);
  const notes: string[] = [];
  if (fallback) notes.push(`default: ${'value' in fallback ? fallback.value : fallback.words}`);
  if (!setting.flagOnly) notes.push(`env: ${variableOf(key)}`);
  return notes.length === 0 ? setting.description : `${setting.description} (${notes.join(', ')})`;
}

/** A default as it would be written. */
function shown(value: unknown): string {
  return [value]
    .flat()
    .map((item) => (typeof item === 'object' && item !== null && 'endpoint' in item ? item.endpoint : item))
    .join();
}
