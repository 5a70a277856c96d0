import { CODEC_PEER } from './codec/name';
import type { Part, PartModule } from './part';

type Parts = Readonly<Partial<Record<Part, () => Promise<PartModule>>>>;

const majordomo: Parts = {
  broker: () => import('./majordomo/broker'),
  worker: () => import('./majordomo/worker'),
  client: () => import('./majordomo/client'),
  generator: () => import('./majordomo/generator'),
  reader: () => import('./majordomo/reader'),
  receiver: () => import('./majordomo/receiver'),
  sender: () => import('./majordomo/sender'),
  manyWorkers: () => import('./majordomo/many-workers'),
  manyClients: () => import('./majordomo/many-clients'),
  everything: () => import('./majordomo/everything'),
};

const secured: Parts = {
  broker: () => import('./secured/broker'),
  worker: () => import('./secured/worker'),
  client: () => import('./secured/client'),
};

/** Watched peers echo, and no more. */
const { broker, worker, client } = majordomo;
const watched: Parts = { broker: broker!, worker: worker!, client: client! };

/** Parts of durable work that are the same whatever keeps it. */
const titanic: Parts = {
  doer: () => import('./titanic/doer'),
  submitter: () => import('./titanic/submitter'),
};
const bullmq: Parts = {
  doer: () => import('./bullmq/doer'),
  submitter: () => import('./bullmq/submitter'),
};

const pgBoss: Parts = {
  keeper: () => import('./pg-boss/keeper'),
  submitter: () => import('./pg-boss/submitter'),
};

/** What each peer has a module for. Loaded in the process that plays the part, and nowhere else. */
const PARTS: Readonly<Record<string, Parts>> = {
  'ours-packed': majordomo,
  'ours-secured': secured,
  'ours-packed-metrics': watched,
  'ours-packed-tracing': watched,
  'ours-0.2': majordomo,
  'ours-0.1': majordomo,
  nats: {
    broker: () => import('./nats/broker'),
    worker: () => import('./nats/worker'),
    client: () => import('./nats/client'),
    generator: () => import('./nats/generator'),
    reader: () => import('./nats/reader'),
    receiver: () => import('./nats/receiver'),
    sender: () => import('./nats/sender'),
  },
  bullmq: {
    broker: () => import('./bullmq/broker'),
    worker: () => import('./bullmq/worker'),
    client: () => import('./bullmq/client'),
    receiver: () => import('./bullmq/receiver'),
    sender: () => import('./bullmq/sender'),
  },
  http: {
    worker: () => import('./http/worker'),
    client: () => import('./http/client'),
    generator: () => import('./http/worker'),
    reader: () => import('./http/reader'),
  },
  grpc: {
    worker: () => import('./grpc/worker'),
    client: () => import('./grpc/client'),
    generator: () => import('./grpc/worker'),
    reader: () => import('./grpc/reader'),
  },
  raw: {
    broker: () => import('./raw/broker'),
    worker: () => import('./raw/worker'),
    client: () => import('./raw/client'),
    pipe: () => import('./raw/pipe'),
    receiver: () => import('./raw/receiver'),
    sender: () => import('./raw/sender'),
    everything: () => import('./raw/everything'),
  },
  'raw-frames': {
    broker: () => import('./raw-frames/broker'),
    worker: () => import('./raw-frames/worker'),
    client: () => import('./raw-frames/client'),
  },
  'raw-one-each': {
    broker: () => import('./raw-frames/broker-one-each'),
    worker: () => import('./raw-frames/worker'),
    client: () => import('./raw-frames/client'),
  },
  'titanic-sqlite': { ...titanic, keeper: () => import('./titanic/sqlite-keeper') },
  'titanic-postgres': { ...titanic, keeper: () => import('./titanic/postgres-keeper') },
  'bullmq-always': { ...bullmq, keeper: () => import('./bullmq/keeper-always') },
  'bullmq-default': { ...bullmq, keeper: () => import('./bullmq/keeper-default') },
  'pg-boss': { ...pgBoss, doer: () => import('./pg-boss/doer') },
  'pg-boss-replies': { ...pgBoss, doer: () => import('./pg-boss/replying-doer') },
  [CODEC_PEER]: { codec: () => import('./codec/part') },
};

/** Whether a peer plays a part at all. */
export function hasPart(peer: string, part: Part): boolean {
  return PARTS[peer]?.[part] !== undefined;
}

/** The module of a part. */
export async function partOf(peer: string, part: Part): Promise<PartModule> {
  const load = PARTS[peer]?.[part];
  if (!load) throw new Error(`${peer} plays no ${part}`);
  return await load();
}
