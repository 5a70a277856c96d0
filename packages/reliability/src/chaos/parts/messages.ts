/** What a broker's process says of itself. */
export interface BrokerSample {
  readonly rssBytes: number;
  /** Sessions of workers. */
  readonly workers: number;
  /** Requests that wait, and requests that workers hold. */
  readonly queued: number;
  readonly inFlight: number;
  readonly counters: Readonly<Record<string, number>>;
  readonly rejections: Readonly<Record<string, number>>;
}

/** What children say to their parent. */
export type Said =
  /** It serves, or has begun to. A broker says where. */
  | { readonly kind: 'ready'; readonly endpoint?: string }
  | { readonly kind: 'sample'; readonly sample: BrokerSample }
  /** A broker has so many workers, so long after it began to listen. */
  | { readonly kind: 'registered'; readonly workers: number; readonly afterMs: number }
  /** A worker is registered with these brokers. */
  | { readonly kind: 'serving'; readonly brokers: readonly string[] }
  /** A client has made its last request, and all have an outcome. */
  | { readonly kind: 'finished' };

/** What their parent says to them: to a client, to make no more requests; to a broker, to tell how it is. */
export type Told = { readonly kind: 'finish' } | { readonly kind: 'sample' };

/** A part that plays. */
export interface RunningPart {
  /** Where the others find it, if it is a broker. */
  readonly endpoint?: string;
  readonly hear?: (told: Told) => void;
  /** Ends it in good order, as after SIGTERM; nothing it started is left when this resolves. */
  readonly end: () => Promise<void>;
}

export type Say = (said: Said) => void;
