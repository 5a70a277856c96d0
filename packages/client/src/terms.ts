import {
  Metadata,
  NO_METADATA,
  parseOptions,
  PRIORITY_DEFAULT,
  PRIORITY_MAX,
  TIMER_MS_MAX,
} from '@majordomo/protocol';
import type { CallTerms } from './core/call';
import { requestOptionsSchema, type RequestOptions, type ResolvedClientOptions } from './options';

const RETRIES_MAX = 100;

const isWhole = (value: unknown, min: number, max: number): boolean =>
  Number.isInteger(value) && (value as number) >= min && (value as number) <= max;

/**
 * True where options certainly pass their schema, as almost all do; a zod schema costs more than the request. Where it
 * is false the schema decides, and words the error.
 */
export function surelyFit(options: RequestOptions): boolean {
  if (typeof options !== 'object' || options === null) return false;
  if (Object.getPrototypeOf(options) !== Object.prototype) return false;
  for (const name in options) if (!surelyFits(name, options[name as keyof RequestOptions])) return false;
  return true;
}

function surelyFits(name: string, value: unknown): boolean {
  switch (name) {
    case 'timeoutMs':
      return isWhole(value, 1, TIMER_MS_MAX);
    case 'retries':
      return isWhole(value, 0, RETRIES_MAX);
    case 'priority':
      return isWhole(value, 0, PRIORITY_MAX);
    case 'idempotent':
    case 'failFast':
      return typeof value === 'boolean';
    case 'signal':
      return value instanceof AbortSignal;
    default:
      return false;
  }
}

/** What calls are made on: the options of a client, and of each request. */
export class Terms {
  readonly #request: CallTerms;
  readonly #stream: CallTerms;

  constructor({ timeoutMs, retries }: Pick<ResolvedClientOptions, 'timeoutMs' | 'retries'>) {
    this.#request = {
      timeoutMs,
      retries,
      idempotent: true,
      stream: false,
      priority: PRIORITY_DEFAULT,
      failFast: false,
      metadata: NO_METADATA,
    };
    this.#stream = { ...this.#request, stream: true };
  }

  /**
   * The terms of a call.
   * @throws InvalidOptionsError naming every option that does not fit
   */
  of(options: RequestOptions | undefined, stream: boolean): CallTerms {
    const defaults = stream ? this.#stream : this.#request;
    if (options === undefined) return defaults;
    const given: RequestOptions = surelyFit(options)
      ? options
      : parseOptions(requestOptionsSchema, options, 'request');
    const { contentType, traceparent } = given;
    const hasMetadata = contentType !== undefined || traceparent !== undefined;
    return {
      timeoutMs: given.timeoutMs ?? defaults.timeoutMs,
      retries: given.retries ?? defaults.retries,
      idempotent: given.idempotent ?? true,
      stream,
      priority: given.priority ?? PRIORITY_DEFAULT,
      failFast: given.failFast ?? false,
      metadata: hasMetadata ? Metadata.of({ contentType, traceparent }) : NO_METADATA,
    };
  }
}
