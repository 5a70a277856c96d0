import type { CodecReport } from '../scenarios/codec';
import type { Skipped } from '../scenarios/choose';
import type { DurableReport } from '../scenarios/durable';
import type { GrowthReport } from '../scenarios/growth';
import type { LatencyReport } from '../scenarios/latency';
import type { OneWayReport } from '../scenarios/oneway';
import type { OpenReport } from '../scenarios/open';
import type { SoakReport } from '../scenarios/soak';
import type { StreamReport } from '../scenarios/stream';
import type { Verdict } from '../scenarios/targets';
import type { WaitingReport } from '../scenarios/waiting';
import { textTable } from '../table';
import { showSkipped, showTargets } from './common-tables';
import {
  CODEC_COLUMNS,
  DURABLE_COLUMNS,
  GROWTH_COLUMNS,
  LATENCY_COLUMNS,
  ONE_WAY_COLUMNS,
  OPEN_COLUMNS,
  SOAK_COLUMNS,
  soakLines,
  STREAM_COLUMNS,
  WAITING_COLUMNS,
} from './tables';

/** A table for people, and below it what was held against a target and who took no part. */
function withNotes(
  table: string,
  { targets = [], skipped = [] }: { targets?: readonly Verdict[]; skipped?: readonly Skipped[] },
): string {
  return [table, showTargets(targets), showSkipped(skipped)].filter(Boolean).join('\n\n');
}

export const showLatency = (report: LatencyReport): string =>
  withNotes(textTable(LATENCY_COLUMNS, report.rows), report);

export const showOpen = (report: OpenReport): string =>
  withNotes(textTable(OPEN_COLUMNS, report.rows), report);

export const showStream = (report: StreamReport): string =>
  withNotes(textTable(STREAM_COLUMNS, report.rows), report);

export const showOneWay = (report: OneWayReport): string =>
  withNotes(textTable(ONE_WAY_COLUMNS, report.rows), report);

export const showGrowth = (report: GrowthReport): string =>
  withNotes(textTable(GROWTH_COLUMNS, report.rows), report);

export const showSoak = (report: SoakReport): string =>
  withNotes(textTable(SOAK_COLUMNS, soakLines(report)), report);

export const showDurable = (report: DurableReport): string =>
  withNotes(textTable(DURABLE_COLUMNS, report.rows), report);

export const showWaiting = (report: WaitingReport): string =>
  withNotes(textTable(WAITING_COLUMNS, report.rows), report);

export const showCodec = (report: CodecReport): string => textTable(CODEC_COLUMNS, report.rows);
