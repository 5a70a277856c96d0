import type { Snapshot } from '../snapshot';
import { tokenHeaders, TokenWanted } from './token';

/**
 * Reads snapshots as they come, until the connection ends. `EventSource` cannot say a token, so this reads the
 * event stream itself.
 * @throws TokenWanted where the broker asks for it; anything else where the connection fails
 */
export async function* snapshots(): AsyncGenerator<Snapshot> {
  const response = await fetch('events', { headers: tokenHeaders(), cache: 'no-store' });
  if (response.status === 401) throw new TokenWanted();
  if (!response.ok || !response.body) throw new Error((await response.text()).trim() || response.statusText);
  for await (const data of messages(response.body)) yield JSON.parse(data) as Snapshot;
}

/** The data of the messages in an event stream. */
async function* messages(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>).getReader();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const blocks = (rest + value).split('\n\n');
      rest = blocks.pop() ?? '';
      for (const block of blocks) {
        const lines = block.split('\n').filter((line) => line.startsWith('data:'));
        if (lines.length > 0) yield lines.map((line) => line.slice(5).trimStart()).join('\n');
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
