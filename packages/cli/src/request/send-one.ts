import type { Client } from '@majordomo/client';
import { isMajordomoError, type Body } from '@majordomo/protocol';
import { EXIT, type ExitCode } from '../exit';
import type { Output } from '../output';
import { renderJson, renderLines, renderRaw } from './render';
import { saysFailure } from './status';

/** What to ask, and how long to wait. */
export interface Call {
  readonly service: string;
  readonly body: readonly (string | Uint8Array)[];
  readonly timeoutMs: number;
  readonly retries: number;
  readonly priority: number;
  readonly failFast: boolean;
}

/** How replies are printed. */
export type Format = 'lines' | 'raw' | 'json';

/** Sends one request, and prints its replies as they come. Nobody to read them ends it early, and well. */
export async function sendOne(client: Client, call: Call, format: Format, output: Output): Promise<ExitCode> {
  const { service, body, ...options } = call;
  const startedAt = performance.now();
  let partials = 0;
  try {
    for await (const reply of client.stream(service, body, { ...options, signal: output.closed })) {
      if (format === 'json') {
        const elapsedMs = Math.round((performance.now() - startedAt) * 1_000) / 1_000;
        await output.json({ service, kind: reply.kind, frames: renderJson(reply.body), elapsedMs });
      } else if (reply.kind === 'partial' || partials === 0 || !isEmpty(reply.body)) {
        await output.write(format === 'raw' ? renderRaw(reply.body) : renderLines(reply.body));
      }
      if (reply.kind === 'partial') partials += 1;
      else if (saysFailure(service, reply.body)) return EXIT.serviceFailure;
    }
  } catch (error) {
    if (!(output.closed.aborted && isMajordomoError(error, 'ABORTED'))) throw error;
  }
  return EXIT.ok;
}

/** One empty frame: behind PARTIALs it says only that there are no more. */
function isEmpty(body: Body): boolean {
  return body.length === 1 && body.byteLength === 0;
}
