import type { Environment } from '../environment';
import type { CodecReport } from '../scenarios/codec';
import type { DurableReport } from '../scenarios/durable';
import type { GrowthReport } from '../scenarios/growth';
import type { LatencyReport } from '../scenarios/latency';
import type { OneWayReport } from '../scenarios/oneway';
import type { OpenReport } from '../scenarios/open';
import type { RpcReport } from '../scenarios/rpc-report';
import type { SoakReport } from '../scenarios/soak';
import type { StreamReport } from '../scenarios/stream';
import type { WaitingReport } from '../scenarios/waiting';

/** A run of everything: what the documents are made of, and what `--from` reads. */
export interface Results {
  readonly quick: boolean;
  readonly environment: Environment;
  readonly rpc: RpcReport;
  readonly latency: LatencyReport;
  readonly open: OpenReport;
  readonly stream: StreamReport;
  readonly oneway: OneWayReport;
  readonly growth: GrowthReport;
  readonly soak: SoakReport;
  readonly durable: DurableReport;
  readonly waiting: WaitingReport;
  readonly codec: CodecReport;
}
