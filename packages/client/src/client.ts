import { EventEmitter } from 'node:events';
import {
  AbortError,
  Body,
  dialectByName,
  parseOptions,
  requireServiceName,
  toFrames,
  type BodyInput,
  type Frame,
} from '@majordomo/protocol';
import { backoffMs } from '@majordomo/transport';
import { AbortListeners } from './abort-listeners';
import type { Outcome } from './core/call';
import { ClientCore, type ClientEffects } from './core/client-core';
import { Links } from './links';
import {
  clientOptionsSchema,
  requestOptionsSchema,
  type ClientOptions,
  type RequestOptions,
  type ResolvedClientOptions,
} from './options';
import { ReplyStream, type StreamMessage } from './reply-stream';

/** The events of a {@link Client}. */
export interface ClientEvents {
  /** A broker has its first open connection. */
  brokerUp: [event: { readonly endpoint: string }];
  /** A broker has lost its last one. */
  brokerDown: [event: { readonly endpoint: string; readonly reason: string }];
  /** A message of a broker was not understood, or came unasked; its connection was closed. */
  rejected: [event: { readonly endpoint: string; readonly detail: string }];
}

/** Timers of Node hold 31 bits of milliseconds; what is due later is looked at once more on the way. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** Who waits for the outcome of a call. */
interface Waiter {
  /** False where the reader is behind. */
  partial(body: readonly Frame[]): boolean;
  settle(outcome: Outcome): void;
}

/**
 * A Majordomo client (RFC 7 and RFC 18, "MDP/Client"): any number of requests at once, over as many
 * sockets as they need.
 *
 * ```ts
 * const client = new Client({ brokers: 'tcp://127.0.0.1:5555' });
 * const reply = await client.request('echo', 'hello', { timeoutMs: 2_000 });
 * console.log(reply.text());
 * client.close();
 * ```
 */
export class Client extends EventEmitter<ClientEvents> {
  readonly options: ResolvedClientOptions;
  readonly #core: ClientCore;
  readonly #links: Links;
  readonly #waiters = new Map<number, Waiter>();
  readonly #aborts = new AbortListeners();
  #timer: NodeJS.Timeout | undefined;
  #timerAt = Infinity;
  /** The tick that a timer asked for. Replies that came while the process was busy are read before it. */
  #afterInput: NodeJS.Immediate | undefined;

  /** @throws InvalidOptionsError naming every option that does not fit */
  constructor(options: ClientOptions = {}) {
    super();
    this.options = parseOptions(clientOptionsSchema, options, 'client');
    const { protocol, limits, connectTimeoutMs, streamBufferMax, reconnectMinMs, reconnectMaxMs } =
      this.options;
    this.#links = new Links(
      {
        dialect: dialectByName(protocol),
        limits,
        connectTimeoutMs,
        receiveHighWaterMark: streamBufferMax,
      },
      {
        opened: (link) => this.#step((now) => this.#core.linkOpened(link, now)),
        received: (link, command) => this.#step((now) => this.#core.received(link, command, now)),
        refused: (link, rejection) => this.#step((now) => this.#core.refused(link, rejection, now)),
        closed: (link, reason) => this.#step((now) => this.#core.linkClosed(link, reason, now)),
      },
    );
    const backoff = { minMs: reconnectMinMs, maxMs: reconnectMaxMs };
    this.#core = new ClientCore(
      { ...this.options, backoffMs: (failures) => backoffMs(failures, backoff, Math.random()) },
      this.#effects(),
    );
  }

  /** Requests that have no outcome yet. */
  get pending(): number {
    return this.#core.pending;
  }

  /** Sockets that are open or being opened. */
  get sockets(): number {
    return this.#core.sockets;
  }

  /**
   * Sends a request and resolves with its reply; the PARTIALs of a streaming service are gathered, in
   * order, before the frames of the FINAL.
   * @throws TimeoutError, AbortError, QueueFullError, ConnectionLostError, ClosedError, MessageTooLargeError,
   * InvalidServiceError, InvalidBodyError, InvalidOptionsError – as rejections of the promise
   */
  async request(service: string, body?: BodyInput, options: RequestOptions = {}): Promise<Body> {
    return await new Promise<Body>((resolve, reject) => {
      this.#submit(service, body, options, false, {
        partial: () => true,
        settle: (outcome) => {
          if (outcome.ok) resolve(new Body(outcome.body));
          else reject(outcome.error);
        },
      });
    });
  }

  /**
   * Sends a request and iterates over its replies as they come: PARTIALs, then the FINAL. A slow reader
   * pauses the socket. Leaving the loop early withdraws the request. What `request` rejects with, the
   * iteration throws. After a loss between worker and broker the service may start over, and PARTIALs that
   * were read come again.
   */
  stream(
    service: string,
    body?: BodyInput,
    options: RequestOptions = {},
  ): AsyncIterableIterator<StreamMessage> {
    let call = 0;
    const stream = new ReplyStream(this.options.streamBufferMax, {
      empty: () => this.#step((now) => this.#core.resume(call, now)),
      left: () => this.#step((now) => this.#core.abort(call, undefined, now)),
    });
    try {
      call = this.#submit(service, body, options, true, {
        partial: (frames) => stream.push('partial', frames),
        settle: (outcome) => {
          if (outcome.ok) stream.push('final', outcome.body);
          else stream.fail(outcome.error);
        },
      });
    } catch (error) {
      stream.fail(error);
    }
    return stream;
  }

  /** Closes every socket; what is pending rejects with a ClosedError. */
  close(): void {
    this.#core.close();
    this.#disarm();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  #submit(
    service: string,
    body: BodyInput,
    options: RequestOptions,
    stream: boolean,
    waiter: Waiter,
  ): number {
    const { signal, ...given } = parseOptions(requestOptionsSchema, options, 'request');
    const request = {
      service: requireServiceName(service),
      body: toFrames(body),
      timeoutMs: given.timeoutMs ?? this.options.timeoutMs,
      retries: given.retries ?? this.options.retries,
      idempotent: given.idempotent ?? true,
      stream,
    };
    if (signal?.aborted) {
      throw new AbortError(`The request to ${service} was aborted.`, { cause: signal.reason });
    }
    return this.#step((now) => {
      const call = this.#core.submit(request, now);
      this.#waiters.set(call, signal ? this.#withSignal(call, signal, waiter) : waiter);
      return call;
    });
  }

  #withSignal(call: number, signal: AbortSignal, waiter: Waiter): Waiter {
    const unlisten = this.#aborts.add(signal, () =>
      this.#step((now) => this.#core.abort(call, signal.reason, now)),
    );
    return {
      partial: waiter.partial,
      settle: (outcome) => {
        unlisten();
        waiter.settle(outcome);
      },
    };
  }

  /** Lets the core take one step, and sees to the one timer of all calls. */
  #step<Result>(step: (now: number) => Result): Result {
    const now = performance.now();
    const result = step(now);
    this.#arm(now);
    return result;
  }

  #arm(now: number): void {
    const at = this.#core.nextWakeAt(now);
    if (at >= this.#timerAt) return;
    this.#disarm();
    this.#timerAt = at;
    const waitMs = Math.min(TIMER_MS_MAX, Math.max(0, Math.ceil(at - now)));
    this.#timer = setTimeout(() => {
      this.#afterInput = setImmediate(() => {
        this.#timerAt = Infinity;
        this.#step((time) => this.#core.tick(time));
      });
    }, waitMs);
  }

  #disarm(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#afterInput);
    this.#timerAt = Infinity;
  }

  /**
   * What the core does to the world. Listeners run once the core has taken its step: they may call the client,
   * and what they throw is theirs.
   */
  #effects(): ClientEffects {
    const { logger } = this.options;
    return {
      openLink: (link, endpoint) => this.#links.open(link, endpoint),
      send: (link, command) => this.#links.send(link, command),
      closeLink: (link) => this.#links.close(link),
      pauseLink: (link) => this.#links.pause(link),
      resumeLink: (link) => this.#links.resume(link),
      partial: (call, body) => this.#waiters.get(call)?.partial(body) ?? true,
      settle: (call, outcome) => {
        const waiter = this.#waiters.get(call);
        this.#waiters.delete(call);
        waiter?.settle(outcome);
      },
      brokerUp: (endpoint) => {
        logger.info({ endpoint }, 'broker connected');
        queueMicrotask(() => this.emit('brokerUp', { endpoint }));
      },
      brokerDown: (endpoint, reason) => {
        logger.warn({ endpoint, reason }, 'broker lost');
        queueMicrotask(() => this.emit('brokerDown', { endpoint, reason }));
      },
      rejected: (endpoint, { detail }) => {
        logger.warn({ endpoint, detail }, 'message rejected: connection closed');
        queueMicrotask(() => this.emit('rejected', { endpoint, detail }));
      },
    };
  }
}
