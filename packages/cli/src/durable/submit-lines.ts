import { DEFAULT_LIMITS, isMajordomoError } from '@majordomo/protocol';
import type { BatchEntry, TitanicClient } from '@majordomo/titanic';
import { CliError, EXIT, exitCodeOf, UsageError } from '../exit';
import { counted } from '../format';
import { splitLines } from '../worker/lines';
import { parseLine, type LineDefaults } from './lines';

/** Requests in one batch, and bytes of their bodies at which it is complete. */
const BATCH_MAX = 500;
const BATCH_BYTES_MAX = 4 * 1024 * 1024;
/** Frames of one message, the first of which is the batch's own. */
const FRAMES_MAX = DEFAULT_LIMITS.framesMax - 1;

/** What was submitted of one batch. */
export type OnSubmitted = (
  submitted: Awaited<ReturnType<TitanicClient['submitMany']>>,
  /** Bytes of input that were read so far. */
  readBytes: number,
) => Promise<void>;

/** How many were submitted, and how many of them were there before. */
export interface Submissions {
  readonly requests: number;
  readonly duplicates: number;
}

/**
 * Submits a request per line of JSON, in batches: each is stored whole or not at all, one after the other. Empty lines
 * are passed over.
 * @throws CliError at the first line or batch that is not taken, saying which, and how many lines were before
 */
export async function submitLines(
  titanic: TitanicClient,
  input: AsyncIterable<Uint8Array>,
  defaults: LineDefaults,
  onSubmitted: OnSubmitted,
): Promise<Submissions> {
  let batch: BatchEntry[] = [];
  let frames = 0;
  let bytes = 0;
  let readBytes = 0;
  let line = 0;
  let requests = 0;
  let duplicates = 0;

  const submit = async (): Promise<void> => {
    if (batch.length === 0) return;
    const submitted = await titanic.submitMany(batch);
    requests += submitted.length;
    duplicates += submitted.filter(({ duplicate }) => duplicate).length;
    batch = [];
    frames = bytes = 0;
    await onSubmitted(submitted, readBytes);
  };

  try {
    for await (const text of splitLines(input, DEFAULT_LIMITS.messageBytesMax)) {
      line += 1;
      if (text.toString().trim() !== '') {
        const entry = parseLine(text.toString(), defaults);
        const own = (entry.body as readonly unknown[]).length;
        if (frames + own > FRAMES_MAX || bytes + text.length > BATCH_BYTES_MAX) await submit();
        batch.push(entry);
        frames += own;
        bytes += text.length;
      }
      readBytes += text.length + 1;
      if (batch.length >= BATCH_MAX) await submit();
    }
    await submit();
  } catch (error) {
    throw explain(error, line, requests, batch.length);
  }
  return { requests, duplicates };
}

/** Says where it stopped. */
function explain(error: unknown, line: number, submitted: number, waiting: number): unknown {
  const isOrAre = submitted === 1 ? 'is' : 'are';
  const before = `${counted(submitted, 'request')} before ${isOrAre} submitted, no other is`;
  if (error instanceof UsageError)
    return new CliError(EXIT.usage, `line ${line}: ${error.message}; ${before}`);
  if (error instanceof RangeError)
    return new CliError(EXIT.failure, `line ${line + 1}: ${error.message} ${before}`);
  if (!isMajordomoError(error)) return error;
  return new CliError(
    exitCodeOf(error),
    `a batch of ${waiting} up to line ${line}: ${error.message} ${counted(submitted, 'request')} before it ${isOrAre} submitted`,
    { cause: error },
  );
}
