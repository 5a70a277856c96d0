import type { CurveSetting } from '../commands/curve-settings';
import type { Settings } from '../settings/table';

/** What a broker is asked with: how long an answer may take, and keys. */
export type Means = Settings<'timeoutMs' | CurveSetting>;
