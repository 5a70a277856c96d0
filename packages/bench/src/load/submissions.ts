import { closedLoop, countedCalls } from './closed-loop';
import { sharedNowMs, type SendResult } from './one-way';

/** Requests to be kept and not done now: so many submissions without answer at one time, each of so many requests. */
export interface SubmitLoad {
  readonly inFlight: number;
  /** Requests in one submission. */
  readonly batch: number;
  readonly bytes: number;
  readonly warmupMs: number;
  readonly measureMs: number;
}

/** How fast they were confirmed. */
export interface SubmitResult {
  /** Requests. */
  readonly perSecond: number;
}

/** Requests to be done at once. */
export interface FeedLoad extends Omit<SubmitLoad, 'warmupMs' | 'measureMs'> {
  /** In all: whole batches. */
  readonly count: number;
}

/** Where requests go: to where nobody does them, or to where they are done at once. */
export type Destination = 'kept' | 'done';

/** What the load generators know of a submitter. */
export interface Submitter {
  /** Submits requests with one body, by what there is for one or for many; resolves once they are confirmed. */
  submit(destination: Destination, body: Uint8Array, count: number): Promise<unknown>;
  close(): void | Promise<void>;
}

/** Submits for a time. */
export async function submissions(submitter: Submitter, load: SubmitLoad): Promise<SubmitResult> {
  const { perSecond } = await closedLoop((body) => submitter.submit('kept', body, load.batch), load);
  return { perSecond: perSecond * load.batch };
}

/** Submits so many. */
export async function feed(
  submitter: Submitter,
  { inFlight, batch, bytes, count }: FeedLoad,
): Promise<SendResult> {
  const startedAtMs = sharedNowMs();
  const call = (body: Uint8Array): Promise<unknown> => submitter.submit('done', body, batch);
  await countedCalls(call, inFlight, bytes, Math.ceil(count / batch));
  return { startedAtMs, endedAtMs: sharedNowMs() };
}

/** The same body as text, for those whose data is JSON. */
export class BodyText {
  #last: { readonly body: Uint8Array; readonly text: string } | undefined;

  /** Made once for each body, as a caller with text would have it. */
  of(body: Uint8Array): string {
    if (this.#last?.body !== body) this.#last = { body, text: Buffer.from(body).toString('latin1') };
    return this.#last.text;
  }
}
