import { DEFAULT_LIMITS, MessageTooLargeError, type Body, type BodyInput } from '@majordomo/protocol';
import { Children } from './children';
import { splitLines } from './lines';

interface Request {
  readonly body: Body;
}

interface Context {
  readonly signal: AbortSignal;
}

/** Answers with the body of the request. */
export async function echo({ body }: Request): Promise<BodyInput> {
  return body;
}

/** Answers with all that a command, run per request, wrote to standard output, as one frame. */
export function wholeOutputOf(command: readonly string[]) {
  const children = new Children();
  return async ({ body }: Request, { signal }: Context): Promise<BodyInput> => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of children.run(command, Buffer.concat(body.frames), signal)) {
      bytes += chunk.length;
      if (bytes > DEFAULT_LIMITS.messageBytesMax) {
        throw new MessageTooLargeError(`The output is beyond ${DEFAULT_LIMITS.messageBytesMax} bytes.`);
      }
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  };
}

/** Answers with a PARTIAL per line that a command, run per request, writes, and an empty FINAL. */
export function linesOf(command: readonly string[]) {
  const children = new Children();
  return async function* ({ body }: Request, { signal }: Context): AsyncGenerator<BodyInput, void> {
    const output = children.run(command, Buffer.concat(body.frames), signal);
    yield* splitLines(output, DEFAULT_LIMITS.frameBytesMax);
  };
}
