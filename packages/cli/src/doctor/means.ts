import type { CurveKeys } from '../security';

/** What a broker is looked at with. */
export interface Means {
  /** How long each answer may take, in ms. */
  readonly timeoutMs: number;
  /** Keys, where some were given. */
  readonly curve: CurveKeys | undefined;
  /** A service whose requests are the matter; `undefined` for none. */
  readonly service: string | undefined;
}
