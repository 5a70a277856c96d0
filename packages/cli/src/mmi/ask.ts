import { Client } from '@majordomo/client';
import { isMajordomoError, MMI_STATUS, type Body, type ErrorCode, type Protocol } from '@majordomo/protocol';
import type { z } from 'zod';
import { CliError, EXIT, exitCodeOf, type ExitCode } from '../exit';
import type { CurveSetting } from '../commands/curve-settings';
import { hindranceOf } from '../hindrance';
import { curveOf, type CurveKeys } from '../security';
import type { Settings } from '../settings/table';

const PROBE_MS_MAX = 500;

/** What to speak with a broker, and how long to wait for it. */
interface Manner {
  readonly protocol: Protocol;
  readonly timeoutMs: number;
}

/** How to reach brokers, and how long to wait for each. */
export interface Reach extends Manner, Settings<CurveSetting> {
  readonly broker: readonly string[];
}

/** What became of the question to one broker. */
export type Outcome<Value> =
  | { readonly broker: string; readonly ok: true; readonly value: Value }
  | {
      readonly broker: string;
      readonly ok: false;
      readonly exitCode: ExitCode;
      readonly message: string;
      /** Of an error that has one. */
      readonly code: ErrorCode | undefined;
    };

/** A way to send one request to one broker. */
export type Ask = (service: string, argument: string) => Promise<Body>;

/** Puts the same question to each broker, all at once, each over a connection of its own. */
export async function askEach<Value>(
  reach: Reach,
  question: (ask: Ask) => Promise<Value>,
): Promise<Outcome<Value>[]> {
  const curve = await curveOf(reach);
  return Promise.all(reach.broker.map((broker) => askOne(broker, reach, curve, question)));
}

/** Puts a question to one broker, over a connection of its own. */
export async function askOne<Value>(
  broker: string,
  { protocol, timeoutMs }: Manner,
  curve: CurveKeys | undefined,
  question: (ask: Ask) => Promise<Value>,
): Promise<Outcome<Value>> {
  const client = new Client({ brokers: [broker], protocol, curve, probeMs: probeMsWithin(timeoutMs) });
  const hindrance = hindranceOf(client);
  try {
    const ask: Ask = (service, argument) => client.request(service, argument, { timeoutMs, retries: 0 });
    return { broker, ok: true, value: await question(ask) };
  } catch (error) {
    return {
      broker,
      ok: false,
      exitCode: exitCodeOf(error),
      message: explain(error, broker, hindrance(), { timeoutMs, protocol }),
      code: isMajordomoError(error) ? error.code : undefined,
    };
  } finally {
    client.close();
  }
}

/** How long `auto` waits for each of its three answers, so that the last question is still asked in time, in ms. */
function probeMsWithin(timeoutMs: number): number {
  return Math.max(1, Math.min(PROBE_MS_MAX, Math.floor(timeoutMs / 5)));
}

function explain(error: unknown, broker: string, hindrance: string, { timeoutMs, protocol }: Manner): string {
  if (isMajordomoError(error, 'TIMEOUT')) {
    const over = protocol === 'auto' ? '' : ` over ${protocol}`;
    const why = hindrance || `nothing listens there, or nothing that answers mmi.*${over}`;
    return `${broker} did not answer within ${timeoutMs} ms: ${why}`;
  }
  return `${broker}: ${error instanceof Error ? error.message : String(error)}`;
}

/** True where a broker says that it has no such management service: it is one of another make. */
export function isNotImplemented(reply: Body): boolean {
  return reply.text().startsWith(MMI_STATUS.notImplemented);
}

/**
 * What a management service of our broker found: the JSON behind its `200`.
 * @throws CliError where it found nothing, or is not of our broker
 */
export function readFound<Schema extends z.ZodType>(
  service: string,
  argument: string,
  reply: Body,
  schema: Schema,
): z.output<Schema> {
  const status = reply.text();
  if (isNotImplemented(reply)) {
    throw new CliError(
      EXIT.serviceFailure,
      `this broker does not implement ${service} (501): it is of another make, only the RFC's own mmi.service can be asked of it`,
    );
  }
  if (status.startsWith(MMI_STATUS.notFound)) {
    throw new CliError(EXIT.serviceFailure, `this broker knows no service ${argument} (404)`);
  }
  if (!status.startsWith(MMI_STATUS.found)) {
    throw new CliError(EXIT.serviceFailure, `${service} answered ${JSON.stringify(status)}`);
  }
  const parsed = schema.safeParse(reply.json(1));
  if (parsed.success) return parsed.data;
  throw new CliError(
    EXIT.failure,
    `${service} answered 200, but with something else than a Majordomo broker would`,
  );
}
