import { UsageError } from '../exit';
import type { Format } from './send-one';

/** @throws UsageError where the settings exclude each other */
export function chooseFormat({ raw, json }: { readonly raw: boolean; readonly json: boolean }): Format {
  if (raw && json) throw new UsageError('--raw and --json exclude each other');
  if (raw) return 'raw';
  return json ? 'json' : 'lines';
}
