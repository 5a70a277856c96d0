import { ClientProxy } from '@nestjs/microservices';
import { Client } from '@majordomo/client';

/**
 * Data with terms of its own, in place of the data alone:
 * `client.send('report', withTerms({ day }, { timeoutMs: 500, stream: true }))`.
 */
class WithTerms {
  /** @param {unknown} data @param {Terms} terms */
  constructor(data, terms) {
    this.data = data;
    this.terms = terms;
  }
}

/**
 * @typedef {object} OwnTerms
 * @property {boolean} [stream] - true to have the values as they come: `timeoutMs` is for each, then. False, the default,
 * to have all of them at the end, and a deadline that broker and worker know.
 * @typedef {Omit<import('@majordomo/client').RequestOptions, 'signal' | 'contentType'> & OwnTerms} Terms
 */

/** @param {unknown} data @param {Terms} terms */
export function withTerms(data, terms) {
  return new WithTerms(data, terms);
}

/**
 * A `ClientProxy` that calls services on the bus: those of a MajordomoServer, and any other that speaks JSON.
 *
 * - `send` gives the reply; unsubscribe to withdraw the request. It fails with the error of the bus, which has a `code`.
 * - `emit` resolves once somebody has handled the event.
 */
export class MajordomoClient extends ClientProxy {
  /** @type {Client | undefined} */
  #client;
  #options;

  /** @param {import('@majordomo/client').ClientOptions} [options] */
  constructor(options = {}) {
    super();
    this.#options = options;
  }

  /** Connects with the first request: brokers that are down are tried until they are there. */
  async connect() {
    this.#client ??= new Client(this.#options);
    return this.#client;
  }

  async close() {
    this.#client?.close();
    this.#client = undefined;
  }

  /** Called by Nest when the application is closed. */
  onModuleDestroy() {
    return this.close();
  }

  /** @template T @returns {T} the Client of @majordomo/client */
  unwrap() {
    return /** @type {T} */ (this.#client);
  }

  /**
   * @override
   * @param {import('@nestjs/microservices').ReadPacket} packet
   * @param {(packet: import('@nestjs/microservices').WritePacket) => void} callback
   */
  publish(packet, callback) {
    const left = new AbortController();
    const { service, body, stream, terms } = this.#callOf(packet);
    const client = /** @type {Client} */ (this.#client);
    const replies = stream
      ? client.stream(service, body, { ...terms, signal: left.signal })
      : gathered(client.request(service, body, { ...terms, signal: left.signal }));
    pour(replies, callback).catch((/** @type {unknown} */ err) => {
      if (!left.signal.aborted) callback({ err });
    });
    return () => left.abort(new Error('unsubscribed'));
  }

  /** @override @param {import('@nestjs/microservices').ReadPacket} packet */
  async dispatchEvent(packet) {
    const { service, body, terms } = this.#callOf(packet);
    const client = /** @type {Client} */ (this.#client);
    return /** @type {any} */ (await client.request(service, body, terms));
  }

  /** @param {import('@nestjs/microservices').ReadPacket} packet */
  #callOf({ pattern, data }) {
    const { data: value, terms } = data instanceof WithTerms ? data : new WithTerms(data, {});
    const { stream = false, ...others } = terms;
    return {
      service: this.normalizePattern(pattern),
      body: JSON.stringify(value),
      stream,
      terms: { ...others, contentType: 'application/json' },
    };
  }
}

/** @param {Promise<import('@majordomo/client').Reply>} request */
async function* gathered(request) {
  yield { body: await request };
}

/**
 * Hands on every frame that says something: one for each value.
 * @param {AsyncIterable<{ body: import('@majordomo/client').Body }>} replies
 * @param {(packet: import('@nestjs/microservices').WritePacket) => void} callback
 */
async function pour(replies, callback) {
  for await (const { body } of replies) {
    for (let frame = 0; frame < body.length; frame++) {
      if (body.bytes(frame).length > 0) callback({ response: body.json(frame) });
    }
  }
  callback({ isDisposed: true });
}
