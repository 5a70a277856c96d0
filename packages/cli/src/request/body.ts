import { DEFAULT_LIMITS } from '@majordomo/protocol';
import { CliError, EXIT, UsageError } from '../exit';

/** Stands for standard input on the command line. */
const STDIN = '-';

/**
 * The frames of a request: a text each, `-` the bytes of standard input; none is one empty frame.
 * @throws UsageError for a second `-`
 */
export async function readBody(
  texts: readonly string[],
  stdin: AsyncIterable<Uint8Array>,
): Promise<readonly (string | Uint8Array)[]> {
  if (texts.filter((text) => text === STDIN).length > 1) {
    throw new UsageError('- can be given once: there is one standard input');
  }
  if (texts.length === 0) return [''];
  return Promise.all(texts.map((text) => (text === STDIN ? readAll(stdin) : text)));
}

async function readAll(stdin: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stdin) {
    bytes += chunk.length;
    if (bytes > DEFAULT_LIMITS.frameBytesMax) {
      throw new CliError(EXIT.failure, `standard input is beyond ${DEFAULT_LIMITS.frameBytesMax} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes);
}
