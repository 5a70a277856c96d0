const NEWLINE = 0x0a;

/**
 * The lines of a stream of bytes, without their line breaks (`\n`); what follows the last one is a line too,
 * unless it is empty.
 * @throws RangeError for a line of more than `lineBytesMax`
 */
export async function* splitLines(
  chunks: AsyncIterable<Uint8Array>,
  lineBytesMax: number,
): AsyncGenerator<Buffer> {
  let parts: Uint8Array[] = [];
  let bytes = 0;
  const add = (part: Uint8Array): void => {
    bytes += part.length;
    if (bytes > lineBytesMax) throw new RangeError(`A line of output is longer than ${lineBytesMax} bytes.`);
    parts.push(part);
  };
  const take = (): Buffer => {
    const line = Buffer.concat(parts, bytes);
    parts = [];
    bytes = 0;
    return line;
  };
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      add(chunk.subarray(start, end));
      yield take();
      start = end + 1;
    }
    add(chunk.subarray(start));
  }
  if (bytes > 0) yield take();
}
