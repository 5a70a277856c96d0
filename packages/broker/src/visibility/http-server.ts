import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { BindError } from '@majordomo/protocol';
import { explainBind } from '@majordomo/transport';
import type { Hono } from 'hono';

/** Connections at one time; watchers are fewer. */
const CONNECTIONS_MAX = 256;

/** Serves an app over HTTP on one address. */
export class HttpServer {
  readonly #server: Server;

  constructor(app: Hono) {
    this.#server = createAdaptorServer({ fetch: app.fetch }) as Server;
    this.#server.maxConnections = CONNECTIONS_MAX;
  }

  /**
   * Listens, and returns where: `http://HOST:PORT`, the port filled in.
   * @throws BindError where the address cannot be had
   */
  async listen(host: string, port: number): Promise<string> {
    const shownHost = host.includes(':') ? `[${host}]` : host;
    const wanted = `http://${shownHost}:${port}`;
    try {
      const listening = once(this.#server, 'listening');
      this.#server.listen(port, host);
      await listening;
    } catch (cause) {
      throw new BindError(wanted, `Cannot serve ${wanted}: ${explainBind(cause)}.`, { cause });
    }
    return `http://${shownHost}:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Closes every connection. */
  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}
