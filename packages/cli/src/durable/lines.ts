import { submissionSchema, type BatchEntry, type SubmitOptions } from '@majordomo/titanic';
import { z } from 'zod';
import { UsageError } from '../exit';

/** A frame: text, or bytes in base64, as `--json` prints them. */
const frameSchema = z.union([
  z.string(),
  z.strictObject({ base64: z.base64() }).transform(({ base64 }) => Buffer.from(base64, 'base64')),
]);

const bodySchema = z.union(
  [frameSchema.transform((frame) => [frame]), z.array(frameSchema).min(1)],
  'body: should be a text, { "base64": … }, or a list of such frames',
);

/** What lines leave out. */
export interface LineDefaults extends SubmitOptions {
  readonly service?: string | undefined;
}

/** What says when; a line that says one of them says nothing of the others. */
const WHENS = ['at', 'inMs', 'cron'] as const;

/**
 * The request that a line of JSON stands for: what TitanicClient.submit takes, with `service` and `body`.
 * @throws UsageError saying what is wrong with it
 */
export function parseLine(text: string, defaults: LineDefaults): BatchEntry {
  const { body, ...fields } = objectIn(text);
  const own = WHENS.some((when) => when in fields) ? without(defaults, WHENS) : defaults;
  const entry = { ...own, ...fields };
  if (entry.service === undefined) throw new UsageError('has no service, and the command line names none');
  const parsed = submissionSchema.safeParse(entry);
  if (!parsed.success) throw new UsageError(faultIn(parsed.error));
  const frames = bodySchema.safeParse(body ?? '');
  if (!frames.success) throw new UsageError(faultIn(frames.error));
  return { ...(entry as BatchEntry), body: frames.data };
}

function objectIn(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`is not JSON: ${(error as Error).message}`);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new UsageError('should be a JSON object');
}

function without(fields: LineDefaults, names: readonly string[]): LineDefaults {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));
}

function faultIn({ issues: [issue] }: z.ZodError): string {
  const path = issue?.path.join('.') ?? '';
  return path === '' ? `${issue?.message}` : `${path}: ${issue?.message}`;
}
