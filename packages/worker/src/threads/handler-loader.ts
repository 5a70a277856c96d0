import { InvalidHandlerError } from '@majordomo/protocol';
import type { Handler } from '../handler';

/** Loads the handler file of a thread once, ESM or CommonJS. */
export class HandlerLoader {
  readonly #url: string;
  #loading: Promise<Handler> | undefined;

  constructor(url: string) {
    this.#url = url;
  }

  /** @throws InvalidHandlerError where the file throws, or its default export is no function */
  load(): Promise<Handler> {
    this.#loading ??= this.#load();
    return this.#loading;
  }

  async #load(): Promise<Handler> {
    let module: { default?: unknown };
    try {
      module = (await import(this.#url)) as { default?: unknown };
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new InvalidHandlerError(`The handler file ${this.#url} cannot be loaded: ${why}`, { cause });
    }
    const handler = defaultOf(module);
    if (typeof handler === 'function') return handler as Handler;
    throw new InvalidHandlerError(
      `The default export of the handler file ${this.#url} should be a function, got ${typeof handler}. ` +
        'Write `export default async (request, context) => …`, or `module.exports = …` in CommonJS.',
    );
  }
}

/** The default export; of CommonJS that was compiled from ESM, the `default` of that. */
function defaultOf({ default: exported }: { default?: unknown }): unknown {
  if (typeof exported !== 'object' || exported === null || !('default' in exported)) return exported;
  return exported.default;
}
