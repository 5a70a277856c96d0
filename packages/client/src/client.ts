import { EventEmitter } from 'node:events';
import {
  AbortError,
  backoffMs,
  Body,
  Metadata,
  parseOptions,
  requireServiceName,
  type BodyInput,
  type CallableContract,
} from '@majordomo/protocol';
import { Alarm, clientKeysOf, makeProof } from '@majordomo/transport';
import { AbortListeners } from './abort-listeners';
import { callAsStream, callOnce, type CallArguments, type CallMessage } from './contract-calls';
import type { Call, Caller, CallTerms } from './core/call';
import { ClientCore, type ClientEffects } from './core/client-core';
import { Links } from './links';
import {
  clientOptionsSchema,
  type ClientOptions,
  type RequestOptions,
  type ResolvedClientOptions,
} from './options';
import { ClientMeter } from './metrics';
import { PendingRequest } from './pending-request';
import type { Reply } from './reply';
import { ReplyStream, type StreamMessage } from './reply-stream';
import { Terms } from './terms';
import { Tracing } from './tracing';
import { Turn } from './turn';
import { WithSignal } from './with-signal';

/** The events of a {@link Client}. */
export interface ClientEvents {
  /** A broker has its first open connection. */
  brokerUp: [event: { readonly endpoint: string }];
  /** A broker has lost its last one, or cannot be reached at all; told once, until it is up. */
  brokerDown: [event: { readonly endpoint: string; readonly reason: string }];
  /** A message of a broker was not understood, or came unasked; its connection was closed. */
  rejected: [event: { readonly endpoint: string; readonly detail: string }];
}

/**
 * A Majordomo client (RFC 7 and RFC 18, "MDP/Client", and MDP/P1): any number of requests at once, over one
 * connection to each packed broker, or as many sockets as plain ones need.
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
  readonly #terms: Terms;
  readonly #aborts = new AbortListeners();
  readonly #meter: ClientMeter | undefined;
  readonly #tracing: Tracing | undefined;
  readonly #turn = new Turn(() => this.#endTurn());
  /** The one timer of all calls. Replies that came while the process was busy are read before it rings. */
  readonly #alarm = new Alarm(() => this.#tick());

  /**
   * @throws InvalidOptionsError naming every option that does not fit
   * @throws InvalidKeyError where keys do not belong together
   */
  constructor(options: ClientOptions = {}) {
    super();
    const { curve, ...resolved } = parseOptions(clientOptionsSchema, options, 'client');
    this.options = Object.freeze(resolved);
    const keys = curve && clientKeysOf(curve);
    const { limits, connectTimeoutMs, probeMs, streamBufferMax, reconnectMinMs, reconnectMaxMs } =
      this.options;
    this.#terms = new Terms(this.options);
    this.#meter = this.options.metrics && ClientMeter.of(this.options.metrics);
    this.#meter?.add(this);
    this.#tracing = this.options.tracing && new Tracing(this.options.tracing);
    this.#links = new Links(
      { limits, connectTimeoutMs, probeMs, receiveHighWaterMark: streamBufferMax, curve: keys },
      {
        opened: (link) => this.#core.linkOpened(link, this.#turn.now),
        found: (link, verdict) => this.#core.linkFound(link, verdict, this.#turn.now),
        received: (link, commands) => this.#core.received(link, commands, this.#turn.now),
        refused: (link, rejection) => this.#core.refused(link, rejection, this.#turn.now),
        closed: (link, reason, unauthorized) =>
          this.#core.linkClosed(link, reason, this.#turn.now, unauthorized),
      },
    );
    const backoff = { minMs: reconnectMinMs, maxMs: reconnectMaxMs };
    this.#core = new ClientCore(
      {
        ...this.options,
        backoffMs: (failures) => backoffMs(failures, backoff, Math.random()),
        prove: keys && ((challenge) => makeProof('client', keys, challenge)),
      },
      this.#effects(),
    );
  }

  /** Requests that have no outcome yet. */
  get pending(): number {
    return this.#core.pending;
  }

  /** Connections that are open or being opened. */
  get sockets(): number {
    return this.#core.sockets;
  }

  /**
   * Sends a request and resolves with its reply; the PARTIALs of a streaming service are gathered, in
   * order, before the frames of the FINAL.
   * @throws TimeoutError, ExpiredError, NoWorkerError, WorkerFailedError, AbortError, CancelledError, QueueFullError,
   * RateLimitedError, UnauthorizedError, ConnectionLostError, ClosedError, MessageTooLargeError, InvalidServiceError,
   * InvalidBodyError, InvalidOptionsError, or a MajordomoError with whatever other code the broker gives, such as
   * `ATTEMPTS_EXHAUSTED` – as rejections of the promise
   */
  request(service: string, body?: BodyInput, options?: RequestOptions): Promise<Reply> {
    const pending = new PendingRequest();
    try {
      this.#submit(service, body, options, false, pending);
    } catch (error) {
      this.#meter?.refused(error);
      pending.refused(error);
    }
    return pending.promise;
  }

  /**
   * Sends a request and iterates over its replies as they come: PARTIALs, then the FINAL. A slow reader
   * pauses the worker, or the socket of a plain broker. Leaving the loop early withdraws the request. What `request`
   * rejects with, the iteration throws. Once a PARTIAL has come the request is not made again, by nobody: where its worker
   * or broker is lost then, the iteration throws, and no PARTIAL ever comes twice.
   */
  stream(service: string, body?: BodyInput, options?: RequestOptions): AsyncIterableIterator<StreamMessage> {
    let call: Call | undefined;
    const stream = new ReplyStream(this.options.streamBufferMax, {
      taken: () => call && this.#core.taken(call, this.#turn.now),
      empty: () => call && this.#core.resume(call, this.#turn.now),
      left: () => call && this.#core.abort(call, undefined, this.#turn.now),
    });
    try {
      call = this.#submit(service, body, options, true, stream);
    } catch (error) {
      this.#meter?.refused(error);
      stream.fail(error);
    }
    return stream;
  }

  /**
   * Calls a service by its contract, one of `@majordomo/contracts`: the input is checked before it leaves, the reply when
   * it comes, and both have the types of their schemas. Where the service streams, this waits for its reply; see
   * {@link callStream}. The input may be left out where nothing is one.
   *
   * ```ts
   * const { id } = await client.call(order, { sku: 'A-1', quantity: 2 }, { timeoutMs: 2_000 });
   * ```
   * @throws ContractError, CallError for the errors that the contract declares, and whatever {@link request} rejects
   * with – as rejections of the promise
   */
  call<Input, Output>(
    contract: CallableContract<Input, Output, unknown>,
    ...args: CallArguments<Input>
  ): Promise<Output> {
    return callOnce(contract, args, (...request) => this.request(...request));
  }

  /**
   * The same, with what the service tells on the way: any number of partials, then one final. The request leaves when
   * the iteration begins, and is withdrawn where the loop is left early. What `call` rejects with, the iteration throws.
   * To a service that speaks MDP/0.1, which has no PARTIAL, all of it comes at once.
   */
  callStream<Input, Output, Progress>(
    contract: CallableContract<Input, Output, Progress>,
    ...args: CallArguments<Input>
  ): AsyncGenerator<CallMessage<Progress, Output>, void, undefined> {
    return callAsStream(contract, args, (...request) => this.stream(...request));
  }

  /** Closes every connection; what is pending rejects with a ClosedError. */
  close(): void {
    this.#core.close();
    this.#meter?.remove(this);
    this.#alarm.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  /** @throws what keeps a request from being taken */
  #submit(
    service: string,
    input: BodyInput,
    options: RequestOptions | undefined,
    stream: boolean,
    caller: Caller,
  ): Call {
    if (this.#tracing) return this.#submitTraced(this.#tracing, service, input, options, stream, caller);
    const terms = this.#terms.of(options, stream);
    requireServiceName(service);
    return this.#take(service, Body.of(input), terms, caller, options?.signal);
  }

  /** @throws what keeps a request from being taken; its span tells that, too */
  #submitTraced(
    tracing: Tracing,
    service: string,
    input: BodyInput,
    options: RequestOptions | undefined,
    stream: boolean,
    caller: Caller,
  ): Call {
    const terms = this.#terms.of(options, stream);
    requireServiceName(service);
    const body = Body.of(input);
    const { contentType, traceparent: given } = options ?? {};
    const traced = tracing.begin(service, body.byteLength, given, caller);
    const traceparent = traced.traceparent ?? given;
    try {
      const metadata = traceparent === undefined ? terms.metadata : Metadata.of({ contentType, traceparent });
      return this.#take(service, body, { ...terms, metadata }, traced, options?.signal);
    } catch (error) {
      traced.refused(error);
      throw error;
    }
  }

  #take(
    service: string,
    body: Body,
    terms: CallTerms,
    caller: Caller,
    signal: AbortSignal | undefined,
  ): Call {
    if (signal) return this.#submitWithSignal(service, body, terms, caller, signal);
    return this.#core.submit(service, body, terms, caller, this.#turn.roughNow);
  }

  #submitWithSignal(
    service: string,
    body: Body,
    terms: CallTerms,
    caller: Caller,
    signal: AbortSignal,
  ): Call {
    if (signal.aborted) {
      throw new AbortError(`The request to ${service} was aborted.`, { cause: signal.reason });
    }
    const listening = new WithSignal(caller);
    const call = this.#core.submit(service, body, terms, listening, this.#turn.roughNow);
    const unlisten = this.#aborts.add(signal, () => this.#core.abort(call, signal.reason, this.#turn.now));
    if (call.state === 'settled') unlisten();
    else listening.unlisten = unlisten;
    return call;
  }

  /** Lets what was sent leave, and sees to the next tick. */
  #endTurn(): void {
    this.#links.flush();
    const now = this.#turn.last;
    this.#alarm.wakeBy(Math.min(this.#core.nextWakeAt(now), this.#links.nextWakeAt));
  }

  #tick(): void {
    const { now } = this.#turn;
    this.#links.tick(now);
    this.#core.tick(now);
  }

  /**
   * What the core does to the world. Listeners run once the core has taken its step: they may call the client,
   * and what they throw is theirs.
   */
  #effects(): ClientEffects {
    const { logger } = this.options;
    const meter = this.#meter;
    return {
      ended: meter && ((call, outcome) => meter.ended(outcome, this.#turn.last - call.startedAt)),
      openLink: (link, endpoint, speak) => this.#links.open(link, endpoint, speak),
      send: (link, command) => this.#links.send(link, command),
      closeLink: (link) => this.#links.close(link),
      pauseLink: (link) => this.#links.pause(link),
      resumeLink: (link) => this.#links.resume(link),
      brokerUp: (endpoint) => {
        logger.info({ event: 'brokerUp', endpoint }, 'broker connected');
        queueMicrotask(() => this.emit('brokerUp', { endpoint }));
      },
      brokerDown: (endpoint, reason) => {
        logger.warn({ event: 'brokerDown', endpoint, reason }, 'broker lost');
        queueMicrotask(() => this.emit('brokerDown', { endpoint, reason }));
      },
      brokerSilent: (endpoint) => {
        logger.warn(
          { event: 'brokerSilent', endpoint },
          'broker answered in no dialect: spoken to in mdp/0.2 for now',
        );
      },
      rejected: (endpoint, { detail }) => {
        logger.warn({ event: 'rejected', endpoint, detail }, 'message rejected: connection closed');
        queueMicrotask(() => this.emit('rejected', { endpoint, detail }));
      },
    };
  }
}
