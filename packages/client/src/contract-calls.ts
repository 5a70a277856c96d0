import type { BodyInput, CallableContract } from '@majordomo/protocol';
import type { RequestOptions } from './options';
import type { Reply } from './reply';
import type { StreamMessage } from './reply-stream';

/** The options of a call: those of a request. What its body is, the contract says. */
export type CallOptions = Omit<RequestOptions, 'contentType'>;

/** What follows the contract in a call. The input can be left out where nothing is one. */
export type CallArguments<Input> = undefined extends Input
  ? [input?: Input, options?: CallOptions]
  : [input: Input, options?: CallOptions];

/** One message of a streaming call: any number of partials, then the reply. */
export type CallMessage<Progress, Output> =
  { readonly kind: 'partial'; readonly value: Progress } | { readonly kind: 'final'; readonly value: Output };

/** Makes a request of a call, and its reply what the contract makes of it. */
export async function callOnce<Input, Output>(
  contract: CallableContract<Input, Output, unknown>,
  args: CallArguments<Input>,
  request: (service: string, body: BodyInput, options: RequestOptions) => Promise<Reply>,
): Promise<Output> {
  const { name, contentType } = contract;
  const [input, options] = args as [Input, CallOptions?];
  const body = await contract.encodeRequest(input);
  let reply: Reply;
  try {
    reply = await request(name, body, { ...options, contentType });
  } catch (error) {
    throw await contract.explain(error);
  }
  return (await contract.decodeReply(reply, reply.metadata?.contentType)).reply;
}

/** The same for a stream. */
export async function* callAsStream<Input, Output, Progress>(
  contract: CallableContract<Input, Output, Progress>,
  args: CallArguments<Input>,
  stream: (service: string, body: BodyInput, options: RequestOptions) => AsyncIterable<StreamMessage>,
): AsyncGenerator<CallMessage<Progress, Output>, void, undefined> {
  const { name, contentType } = contract;
  const [input, options] = args as [Input, CallOptions?];
  const body = await contract.encodeRequest(input);
  const messages = stream(name, body, { ...options, contentType })[Symbol.asyncIterator]();
  try {
    for (;;) {
      const step = await messages.next().catch(async (error: unknown) => {
        throw await contract.explain(error);
      });
      if (step.done) return;
      yield* typed(contract, step.value);
    }
  } finally {
    await messages.return?.();
  }
}

/** What is in one message; where a dialect has no PARTIAL, progress comes in the body of the FINAL. */
async function* typed<Output, Progress>(
  contract: CallableContract<unknown, Output, Progress>,
  { kind, body, metadata: { contentType } }: StreamMessage,
): AsyncGenerator<CallMessage<Progress, Output>, void, undefined> {
  if (kind === 'partial') {
    for (const value of await contract.decodeProgress(body, contentType)) yield { kind: 'partial', value };
    return;
  }
  const { progress, reply } = await contract.decodeReply(body, contentType);
  for (const value of progress) yield { kind: 'partial', value };
  yield { kind: 'final', value: reply };
}
