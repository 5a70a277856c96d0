import { SILENT } from '@majordomo/protocol';
import { Access } from '../../../src/visibility/access';
import { visibilityApp } from '../../../src/visibility/app';
import { HttpServer } from '../../../src/visibility/http-server';
import { Live } from '../../../src/visibility/live';
import { DurableDesk } from '../../../src/visibility/durable/desk';
import type { DurableWork } from '../../../src/visibility/durable/durable-work';
import { newDurablePage, newPage } from '../../../src/visibility/page';
import type { ServiceSnapshot, Snapshot } from '../../../src/visibility/snapshot';

/** One service that does something. */
export const service = (name: string, fields: Partial<ServiceSnapshot> = {}): ServiceSnapshot => ({
  service: name,
  rate: 12,
  errorRate: 0,
  p50Ms: 4,
  p99Ms: 20,
  queued: 0,
  oldestMs: 0,
  inFlight: 1,
  credit: 8,
  workers: { idle: 1, busy: 1, full: 0, draining: 0 },
  history: [],
  ...fields,
});

/** A broker with those services. */
export const snapshotOf = (
  services: readonly ServiceSnapshot[],
  fields: Partial<Snapshot> = {},
): Snapshot => ({
  at: 1_700_000_000_000,
  broker: {
    version: '1.2.3',
    state: 'running',
    ready: true,
    reasons: [],
    endpoints: ['tcp://127.0.0.1:5555'],
    uptimeMs: 61_000,
    silenceMs: 10_000,
    lagMs: 1.5,
    cpu: 0.25,
    memoryBytes: 100 * 2 ** 20,
    heapBytes: 30 * 2 ** 20,
    pendingBytes: 2_048,
    rate: 1_234,
    errorRate: 0.5,
    queued: 3,
    inFlight: 7,
    messagesIn: 100,
    messagesOut: 90,
    bytesIn: 10_000,
    bytesOut: 9_000,
    peers: [
      { role: 'client', dialect: 'packed', count: 3 },
      { role: 'worker', dialect: 'mdp/0.2', count: 4 },
    ],
  },
  services,
  servicesTotal: services.length,
  workers: [
    {
      peer: '00aa',
      service: services[0]?.service ?? 'echo',
      dialect: 'packed',
      state: 'busy',
      inFlight: 1,
      credit: 8,
      silentMs: 6_000,
      registeredMs: 61_000,
    },
  ],
  workersTotal: 1,
  incidents: [
    {
      id: 1,
      at: 1_700_000_000_000,
      kind: 'expiry',
      event: 'requestFailed',
      service: 'echo',
      peer: '00bb',
      detail: 'EXPIRED: its time was up before a worker was free',
      times: 3,
    },
  ],
  ...fields,
});

/** The page of a broker whose state a test makes up. */
export class Exhibit {
  readonly #live = new Live();
  readonly #server: HttpServer;

  constructor(
    private snapshot: Snapshot,
    { durable, token }: { readonly durable?: DurableWork; readonly token?: string } = {},
  ) {
    const shown = {
      metrics: async () => ({ type: 'text/plain', text: '' }),
      readiness: () => ({ ready: true, reasons: [] }),
      snapshot: () => this.snapshot,
    };
    const guard = { host: '127.0.0.1', access: new Access(token) };
    const shownDurable = durable && { desk: new DurableDesk(durable, SILENT), page: newDurablePage() };
    const page = newPage(shownDurable !== undefined);
    this.#server = new HttpServer(visibilityApp(shown, this.#live, page, guard, shownDurable));
  }

  listen(port = 0): Promise<string> {
    return this.#server.listen('127.0.0.1', port);
  }

  /** Tells those who watch of the next second. */
  tell(snapshot: Snapshot): void {
    this.snapshot = snapshot;
    this.#live.tell(JSON.stringify(snapshot));
  }

  async close(): Promise<void> {
    this.#live.close();
    await this.#server.close();
  }
}
