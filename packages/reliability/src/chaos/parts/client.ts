import { setTimeout as delay } from 'node:timers/promises';
import { Client, isMajordomoError } from '@majordomo/client';
import type { ClientLine } from '../ledger';
import { LedgerFile } from '../../ledger-file';
import { Random } from '../../random';
import { drawCall, type PlannedCall } from './calls';
import type { RunningPart, Say } from './messages';
import { bodyOf, ReplyReader } from './orders';
import type { ParamsOf } from './params';

/** A client that makes requests in several lanes, one after another in each, and writes down what becomes of them. */
export function playClient(params: ParamsOf<'client'>, say: Say): RunningPart {
  const caller = new Caller(params);
  const lanes = Promise.all(Array.from({ length: params.lanes }, () => caller.lane()));
  void lanes.then(() => say({ kind: 'finished' }));
  return {
    hear: () => caller.finish(),
    end: async () => {
      caller.close();
      await lanes;
    },
  };
}

class Caller {
  readonly #client: Client;
  readonly #ledger: LedgerFile<ClientLine>;
  readonly #random: Random;
  #made = 0;
  #finishing = false;

  constructor(private readonly params: ParamsOf<'client'>) {
    const { brokers, protocol, rhythm, ledger, seed, life } = params;
    this.#client = new Client({ brokers, protocol, ...rhythm });
    this.#ledger = new LedgerFile(ledger);
    this.#random = new Random(`${seed} ${life}`);
  }

  /** No more requests: those under way come to their end. */
  finish(): void {
    this.#finishing = true;
  }

  /** The end. What has no outcome by now is found to have none. */
  close(): void {
    this.#finishing = true;
    this.#ledger.close();
    this.#client.close();
  }

  async lane(): Promise<void> {
    while (!this.#finishing) {
      await this.#make(drawCall(this.params.mix, this.#random, this.params.patienceMs));
      await delay(this.#random.between(0, this.params.pauseMsMax));
    }
  }

  async #make(planned: PlannedCall): Promise<void> {
    const id = `${this.params.life}/${++this.#made}`;
    const { call, idempotent, must, timeoutMs } = planned;
    const payload = Buffer.alloc(planned.payloadBytes, `${id} `);
    const reader = new ReplyReader();
    this.#ledger.write({ kind: 'issued', id, call, idempotent, must, timeoutMs });
    const startedAt = performance.now();
    const ended = (): { id: string; frames: ReplyReader['frames']; elapsedMs: number } => ({
      id,
      frames: reader.frames,
      elapsedMs: performance.now() - startedAt,
    });
    try {
      const whole = await this.#perform(id, planned, payload, reader);
      if (whole) this.#ledger.write({ kind: 'answered', ...ended(), intact: reader.isIntact(payload) });
      else this.#ledger.write({ kind: 'left', ...ended() });
    } catch (error) {
      const code = isMajordomoError(error) ? error.code : null;
      this.#ledger.write({ kind: 'failed', ...ended(), code, message: String(error) });
    }
  }

  /** Makes the request; false where its reader left before the end. */
  async #perform(id: string, planned: PlannedCall, payload: Buffer, reader: ReplyReader): Promise<boolean> {
    const { call, idempotent, timeoutMs, retries, workMs, partials, cancelAfterMs } = planned;
    const body = bodyOf({ id, workMs, partials, fail: call === 'fail' }, payload);
    const options = { idempotent, timeoutMs, retries };
    if (call === 'stream' || call === 'leave') return this.#read(body, options, planned, reader);
    const controller = cancelAfterMs === undefined ? undefined : new AbortController();
    const timer = controller && setTimeout(() => controller.abort(), cancelAfterMs);
    try {
      const withdrawable = controller ? { ...options, signal: controller.signal } : options;
      reader.read(await this.#client.request(this.params.service, body, withdrawable));
      return true;
    } finally {
      clearTimeout(timer);
    }
  }

  async #read(
    body: ReturnType<typeof bodyOf>,
    options: { idempotent: boolean; timeoutMs: number; retries: number },
    { leaveAfter = Infinity }: PlannedCall,
    reader: ReplyReader,
  ): Promise<boolean> {
    let messages = 0;
    for await (const { body: part, kind } of this.#client.stream(this.params.service, body, options)) {
      reader.read(part);
      if (kind === 'partial' && ++messages >= leaveAfter) return false;
    }
    return true;
  }
}
