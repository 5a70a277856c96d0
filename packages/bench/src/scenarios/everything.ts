import type { Environment } from '../environment';
import { progress } from '../progress';
import type { Results } from '../report/results';
import { codec } from './codec';
import { growth } from './growth';
import { latency } from './latency';
import { oneway } from './oneway';
import { open } from './open';
import type { RunOptions } from './options';
import { rpc } from './rpc';
import { soak } from './soak';
import { stream } from './stream';

/** Runs every scenario, one after another: they would disturb each other. */
export async function everything(options: RunOptions, environment: Environment): Promise<Results> {
  const next = async <Report>(
    name: string,
    scenario: (options: RunOptions) => Promise<Report>,
  ): Promise<Report> => {
    progress(`\n== ${name}`);
    return await scenario(options);
  };
  return {
    quick: options.quick,
    environment,
    rpc: await next('rpc', rpc),
    latency: await next('latency', latency),
    open: await next('open', open),
    stream: await next('stream', stream),
    oneway: await next('oneway', oneway),
    growth: await next('growth', growth),
    soak: await next('soak', soak),
    codec: await next('codec', codec),
  };
}
