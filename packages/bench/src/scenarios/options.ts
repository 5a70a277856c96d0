import type { PeerName } from '../peers/peer-names';

/** What every scenario is run with. */
export interface RunOptions {
  readonly quick: boolean;
  readonly json: boolean;
  /** Default: those of the scenario. */
  readonly peers?: readonly PeerName[] | undefined;
  readonly rounds?: number | undefined;
  /** Of one measurement. */
  readonly seconds?: number | undefined;
  readonly inFlight?: readonly number[] | undefined;
  /** Bytes of a body. */
  readonly sizes?: readonly number[] | undefined;
  /** Requests of a soak, messages one way. */
  readonly requests?: number | undefined;
  /** Requests of a soak after which its memory is the yardstick. */
  readonly checkpoint?: number | undefined;
  /** The last point of the growth curves. */
  readonly max?: number | undefined;
  /** The file with the results of a report: what is there needs no run. */
  readonly from?: string | undefined;
  /** The directory of a report. */
  readonly out?: string | undefined;
}
