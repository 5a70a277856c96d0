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
 * @param ended - fires when nobody wants to know any more
 * @throws CliError saying why there is nothing to see, and what to do
 */
export async function look(reach: Reach, whole: boolean, ended?: AbortSignal): Promise<Seen> {
  const given = new AbortController();
  // Holds the process, as the signal of AbortSignal.timeout() does not, nor a fetch() whose connection was closed.
  const timer = setTimeout(() => given.abort(), reach.timeoutMs);
  try {
    const signals = ended === undefined ? [given.signal] : [given.signal, ended];
    return await read(reach, whole, AbortSignal.any(signals));
  } catch (error) {
    if (!given.signal.aborted) throw error;
    throw new CliError(EXIT.timeout, `${reach.http} did not answer within ${reach.timeoutMs} ms`);
  } finally {
    clearTimeout(timer);
  }
}

async function read({ http, token }: Reach, whole: boolean, signal: AbortSignal): Promise<Seen> {
  const response = await ask(http, `/snapshot${whole ? '' : '?history=no'}`, token, signal);
  if (response.status === 401) {
    throw new CliError(
      EXIT.failure,
      `the broker at ${http} wants ${token === undefined ? 'its token: give --http-token-file' : 'another token'}`,
    );
  }
  const raw: unknown = response.ok ? await response.json().catch(() => undefined) : undefined;
  signal.throwIfAborted();
  const parsed = snapshotSchema.safeParse(raw);
  if (parsed.success) return { raw, snapshot: parsed.data };
  throw new CliError(
    EXIT.failure,
    `what answers at ${http} is no broker of this version (status ${response.status})`,
  );
}

async function ask(
  http: string,
  path: string,
  token: string | undefined,
  signal: AbortSignal,
): Promise<Response> {
  const headers: Record<string, string> = token === undefined ? {} : { Authorization: `Bearer ${token}` };
  try {
    return await fetch(`http://${http}${path}`, { headers, signal });
  } catch (error) {
    signal.throwIfAborted();
    const { cause } = error as { cause?: { code?: string; message?: string } };
    throw new CliError(EXIT.failure, unseen(http, cause?.code ?? cause?.message ?? String(error)));
  }
}

/** Why nothing could be read, and what to do. */
function unseen(http: string, reason: string): string {
  if (reason.startsWith('HPE_') || reason === 'UND_ERR_SOCKET')
    return `what listens at ${http} speaks no HTTP (${reason}): name the address in the line that the broker prints: majordomo broker shown at http://…`;
  return `nothing is shown at ${http} (${reason}): start the broker with --http ${http}`;
}
