import { Option } from 'commander';
import { flagOf, variableOf, type Setting } from './setting';
import { SETTINGS, type SettingKey, type Settings } from './table';

/** The flag of a setting, its value left as text; the help tells its default and its variable. */
export function flagFor(key: SettingKey, defaults: Partial<Settings<SettingKey>>): Option {
  const setting: Setting = SETTINGS[key];
  const name = flagOf(setting.flag ?? key);
  const flag = setting.placeholder ? `${name} <${setting.placeholder}>` : name;
  const option = new Option(flag, describe(key, setting, defaults));
  if (setting.takes !== 'list' && setting.takes !== 'entries') return option;
  return option.argParser((item: string, items: string[] = []) => [...items, item]);
}

/**
 * What holds where a setting is not given, as it would be written, or in words; `undefined` where that is nothing.
 * @param defaults - those of the command
 */
export function fallbackOf(key: SettingKey, defaults: Partial<Settings<SettingKey>>): string | undefined {
  const setting: Setting = SETTINGS[key];
  const value = defaults[key] ?? setting.schema.parse(undefined);
  if (value === undefined || value === false) return setting.otherwise;
  return (setting.show ?? shown)(value as never);
}

function describe(key: SettingKey, setting: Setting, defaults: Partial<Settings<SettingKey>>): string {
  const fallback = fallbackOf(key, defaults);
  const notes: string[] = [];
  if (fallback !== undefined) notes.push(`default: ${fallback}`);
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
