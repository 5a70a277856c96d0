import type { Frame } from '@majordomo/protocol';
import { Router } from 'zeromq';
import { sharedContext } from '../context';
import { codeOf } from '../socket-error';
import { readZapRequest, zapReply, type ZapRequest } from './zap-request';

/** Decides who may connect to one socket. */
export interface ZapGate {
  /** The reason why a connection is not let in; `undefined` where it is. Must not throw. */
  objectionTo(request: ZapRequest): string | undefined;
  /** A request was none, and was refused. */
  malformed(detail: string): void;
}

/** Where ZeroMQ asks (RFC 27); one socket in a context can have it. */
const ENDPOINT = 'inproc://zeromq.zap.01';

/** Tries to have it, each a little later than the one before. */
const BIND_TRIES_MAX = 50;

/** Domains of this process so far: each socket has one of its own, so that several brokers share the handler. */
let domains = 0;

/**
 * Answers what ZeroMQ asks before it lets a connection in, for all sockets of our context. It is there from the first
 * gate that opens to the last that closes. What names no open gate stays out.
 */
class ZapHandler {
  readonly #gates = new Map<string, ZapGate>();
  #socket: Router | undefined;
  #bound: Promise<void> | undefined;

  /** Opens a gate; resolves once requests for it are answered. */
  async open(domain: string, gate: ZapGate): Promise<void> {
    this.#gates.set(domain, gate);
    this.#bound ??= this.#bind();
    await this.#bound;
  }

  async #bind(): Promise<void> {
    const socket = new Router({ context: sharedContext(), linger: 0 });
    this.#socket = socket;
    await bindSoon(socket);
    if (!socket.closed) void this.#answerAll(socket);
  }

  close(domain: string): void {
    if (!this.#gates.delete(domain) || this.#gates.size > 0) return;
    this.#socket?.close();
    this.#socket = undefined;
    this.#bound = undefined;
  }

  async #answerAll(socket: Router): Promise<void> {
    while (!socket.closed) {
      try {
        const [peer, delimiter, ...frames] = await socket.receive();
        if (peer && delimiter?.length === 0) await socket.send([peer, delimiter, ...this.#answer(frames)]);
      } catch (error) {
        // Whoever is not answered stays out.
        if (!socket.closed) for (const gate of this.#gates.values()) gate.malformed(String(error));
      }
    }
  }

  #answer(frames: readonly Frame[]): Frame[] {
    const read = readZapRequest(frames);
    if (!read.ok) {
      const gate = this.#gates.get(read.domain);
      for (const each of gate ? [gate] : this.#gates.values()) each.malformed(read.detail);
      return zapReply(read.id, false, 'malformed request');
    }
    const gate = this.#gates.get(read.request.domain);
    const objection = gate ? gate.objectionTo(read.request) : 'no such domain';
    return zapReply(read.id, objection === undefined, objection === undefined ? 'OK' : 'not allowed');
  }
}

/** A handler that was closed a moment ago has the name until ZeroMQ's own thread has seen to it: then it takes another try. */
async function bindSoon(socket: Router): Promise<void> {
  for (let tries = 1; !socket.closed; tries++) {
    try {
      await socket.bind(ENDPOINT);
      return;
    } catch (error) {
      if (codeOf(error) !== 'EADDRINUSE' || tries === BIND_TRIES_MAX) throw error;
      await new Promise((resolve) => setTimeout(resolve, tries));
    }
  }
}

const handler = new ZapHandler();

/** One socket's place at the handler. */
export class ZapEntry {
  readonly domain: string;

  /** @param label - what the domain starts with, for people to read: 1 to 200 bytes */
  constructor(
    label: string,
    private readonly gate: ZapGate,
  ) {
    this.domain = `${label}.${++domains}`;
  }

  /** To be called before the socket binds. */
  open(): Promise<void> {
    return handler.open(this.domain, this.gate);
  }

  close(): void {
    handler.close(this.domain);
  }
}
