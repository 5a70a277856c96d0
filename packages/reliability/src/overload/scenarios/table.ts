import type { ScenarioReport } from '../report';
import { amid } from './amid';
import { MISBEHAVIOURS } from './misbehaviours';
import { OVERLOAD, overload } from './overload';

/** Something that is done to a broker, for so many seconds. */
export interface Scenario {
  readonly name: string;
  readonly summary: string;
  readonly run: (seconds: number) => Promise<ScenarioReport>;
}

/** What is no overload needs less time to show. */
const SHARE = 6;

/** Every scenario, in the order of the report. */
export const SCENARIOS: readonly Scenario[] = [
  { ...OVERLOAD, run: overload },
  ...MISBEHAVIOURS.map((misbehaviour) => ({
    name: misbehaviour.name,
    summary: misbehaviour.summary,
    run: (seconds: number) => amid(misbehaviour, Math.max(1, seconds / SHARE)),
  })),
];
