import { request, type IncomingHttpHeaders, type IncomingMessage, type RequestOptions } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Broker, BrokerOptions } from '../../src/index';
import { serve, type Served } from '../wire/served';
// Loaded before any test begins: making a text of the dashboard's script is no business of the first one.
import '../../src/visibility/http-view';

/** A whole answer. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** A broker that is shown on a port that the system chooses. */
export interface Shown extends Served {
  /** What is at a path of its HTTP address, to be read. */
  open(path: string, options?: RequestOptions): Promise<IncomingMessage>;
  /** The same, read to the end. */
  get(path: string, options?: RequestOptions): Promise<Answer>;
}

export async function show(options: BrokerOptions = {}): Promise<Shown> {
  const served = await serve({ http: '127.0.0.1:0', ...options });
  const open = (path: string, options: RequestOptions = {}): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      request(addressOf(served.broker) + path, { agent: false, ...options }, resolve)
        .once('error', reject)
        .end();
    });
  const get = async (path: string, options?: RequestOptions): Promise<Answer> => {
    const response = await open(path, options);
    return { status: response.statusCode ?? 0, headers: response.headers, text: await text(response) };
  };
  return { ...served, open, get };
}

export function addressOf({ httpAddress }: Broker): string {
  if (httpAddress === undefined) throw new Error('This broker serves no HTTP.');
  return httpAddress;
}

/** The values of a text in the format of Prometheus, by what stands before each. */
export function valuesOf(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(0, at), Number(line.slice(at + 1))];
    }),
  );
}
