import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { DIRECTIONS, LIMITS, TONGUES, type Frames, type LimitsName, type Talk } from './message';

/** Bytes in hex, `*N` for the same bytes N times, blanks between parts: `4d445043503101 00*8192`. */
const bytesSchema = z.string().regex(/^(?:(?:[0-9a-f]{2})+(?:\*[1-9]\d*)?(?: |$))*$/, 'should be hex');

/** A frame, or the same one so many times. */
const framesSchema = z.union([
  bytesSchema,
  z.strictObject({ hex: bytesSchema, times: z.number().int().min(1) }),
]);

/** What a file of the corpus holds; corpus/README.md explains it. */
const caseSchema = z.strictObject({
  about: z.string().min(1),
  direction: z.enum(DIRECTIONS),
  tongue: z.enum(TONGUES),
  limits: z.enum(Object.keys(LIMITS) as [LimitsName, ...LimitsName[]]).default('default'),
  messages: z.array(z.array(framesSchema)).min(1),
});

/** A talk that is worth keeping, and why. */
export interface Case extends Talk {
  readonly name: string;
  readonly about: string;
}

function readBytes(text: string): Buffer {
  const parts = text.split(' ').map((part) => {
    const [hex = '', times = '1'] = part.split('*');
    const bytes = Buffer.from(hex, 'hex');
    return Buffer.alloc(bytes.length * Number(times), bytes.length > 0 ? bytes : 0);
  });
  return Buffer.concat(parts);
}

function readFrames(entries: z.infer<typeof framesSchema>[]): Frames {
  return entries.flatMap((entry) => {
    if (typeof entry === 'string') return [readBytes(entry)];
    return Array<Buffer>(entry.times).fill(readBytes(entry.hex));
  });
}

/** @throws ZodError for what is no case */
export function parseCase(name: string, json: unknown): Case {
  const { messages, ...rest } = caseSchema.parse(json);
  return { name, ...rest, messages: messages.map(readFrames) };
}

/** Every case of a folder, by name. */
export function readCorpus(folder: string): Case[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file) =>
      parseCase(file.slice(0, -'.json'.length), JSON.parse(readFileSync(join(folder, file), 'utf8'))),
    );
}

/** The bytes of a frame as a case has them, a long run of one byte written short. */
function writeBytes(frame: Buffer): string {
  return frame
    .toString('hex')
    .replace(/((?:..)*?)((..)\3{63,})/g, (_all, before: string, run: string, byte: string) =>
      [before, `${byte}*${run.length / 2} `].filter((part) => part !== '').join(' '),
    )
    .trim();
}

/** Writes a case into a folder, and returns the file's path. */
export function writeCase(
  folder: string,
  { name, about, direction, tongue, limits, messages }: Case,
): string {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${name}.json`);
  const hex = messages.map((frames) => frames.map(writeBytes));
  writeFileSync(file, `${JSON.stringify({ about, direction, tongue, limits, messages: hex }, null, 2)}\n`);
  return file;
}
