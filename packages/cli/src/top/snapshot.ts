import { z } from 'zod';
import { CliError, EXIT } from '../exit';

const count = z.number().min(0);
const maybe = count.nullable();

const serviceSchema = z.object({
  service: z.string(),
  rate: maybe,
  errorRate: maybe,
  p50Ms: maybe,
  p99Ms: maybe,
  queued: count,
  oldestMs: count,
  inFlight: count,
  credit: count,
  workers: z.object({ idle: count, busy: count, full: count, draining: count }),
});

const brokerSchema = z.object({
  version: z.string(),
  state: z.string(),
  ready: z.boolean(),
  reasons: z.array(z.string()),
  endpoints: z.array(z.string()),
  uptimeMs: count,
  lagMs: count,
  cpu: count,
  memoryBytes: count,
  rate: count,
  errorRate: count,
  queued: count,
  inFlight: count,
  peers: z.array(z.object({ role: z.string(), dialect: z.string(), count })),
});

const incidentSchema = z.object({
  at: z.number(),
  kind: z.string(),
  service: z.string().optional(),
  peer: z.string().optional(),
  detail: z.string(),
  times: count,
});

/** What a broker shows of itself at `/snapshot`, as far as it is shown here. */
const snapshotSchema = z.object({
  at: z.number(),
  broker: brokerSchema,
  services: z.array(serviceSchema),
  servicesTotal: count,
  workersTotal: count,
  incidents: z.array(incidentSchema),
});

export type Snapshot = z.infer<typeof snapshotSchema>;
export type ServiceSnapshot = z.infer<typeof serviceSchema>;

/** Where a broker is shown, and how to ask for it. */
export interface Reach {
  /** `HOST:PORT`. */
  readonly http: string;
  readonly token: string | undefined;
  readonly timeoutMs: number;
}

/** A snapshot as it came, and what was read of it. */
export interface Seen {
  readonly raw: unknown;
  readonly snapshot: Snapshot;
}

/**
 * Asks a broker what it shows.
 * @param whole - with what is left out otherwise: the rates of the last minute
 * @throws CliError saying why there is nothing to see, and what to do
 */
export async function look({ http, token, timeoutMs }: Reach, whole: boolean): Promise<Seen> {
  const response = await ask(`http://${http}/snapshot${whole ? '' : '?history=no'}`, token, timeoutMs, http);
  if (response.status === 401) {
    throw new CliError(
      EXIT.failure,
      `the broker at ${http} wants ${token === undefined ? 'its token: give --http-token-file' : 'another token'}`,
    );
  }
  const raw: unknown = response.ok ? await response.json().catch(() => undefined) : undefined;
  const parsed = snapshotSchema.safeParse(raw);
  if (parsed.success) return { raw, snapshot: parsed.data };
  throw new CliError(
    EXIT.failure,
    `what answers at ${http} is no broker of this version (status ${response.status})`,
  );
}

async function ask(
  url: string,
  token: string | undefined,
  timeoutMs: number,
  http: string,
): Promise<Response> {
  const headers: Record<string, string> = token === undefined ? {} : { Authorization: `Bearer ${token}` };
  try {
    return await fetch(url, { headers, signal: AbortSignal.timeout(timeoutMs) });
  } catch (error) {
    if (error instanceof Error && error.name === 'TimeoutError')
      throw new CliError(EXIT.timeout, `${http} did not answer within ${timeoutMs} ms`);
    const { cause } = error as { cause?: { code?: string; message?: string } };
    throw new CliError(
      EXIT.failure,
      `nothing is shown at ${http} (${cause?.code ?? cause?.message ?? String(error)}): start the broker with --http ${http}`,
    );
  }
}
