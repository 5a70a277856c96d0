import {
  fails,
  isRepeated,
  repeats,
  toRepeated,
  toStep,
  type Repeated,
  type Script,
  type Step,
} from './script';
import type { SeenRequest } from './seen-request';

/** Finds the step for each request, in the order of their arrival. */
export class ScriptReader {
  readonly #steps: readonly Repeated[];
  /** What is asked instead of the list. */
  readonly #ask: ((request: SeenRequest) => Promise<Step>) | undefined;
  /** The entry that is next, and how often its step has been taken. */
  #at = 0;
  #taken = 0;
  #unscripted = 0;

  /** @throws InvalidOptionsError where an entry is no step */
  constructor(script: Script) {
    this.#steps = typeof script === 'function' ? [] : listOf(script);
    this.#ask = typeof script === 'function' ? async (request) => toStep(await script(request)) : undefined;
  }

  /** Requests that came after the end of the list. */
  get unscripted(): number {
    return this.#unscripted;
  }

  /** Steps that no request has come for; what is repeated without end does not count. */
  get left(): number {
    const ending = this.#steps.slice(this.#at).filter(({ times }) => times !== Infinity);
    const left = ending.reduce((sum, { times }) => sum + times, 0);
    return ending[0] === this.#steps[this.#at] ? left - this.#taken : left;
  }

  /** What to do with a request; a promise where a function is asked. */
  next(request: SeenRequest): Step | Promise<Step> {
    if (this.#ask) return this.#ask(request);
    const entry = this.#steps[this.#at];
    if (!entry) {
      this.#unscripted++;
      return fails('UNSCRIPTED', `request ${request.number} came after the end of the script`);
    }
    if (++this.#taken >= entry.times) {
      this.#at++;
      this.#taken = 0;
    }
    return entry.step;
  }
}

function listOf(script: Exclude<Script, (...args: never) => unknown>): readonly Repeated[] {
  if (Array.isArray(script)) return script.map(toRepeated);
  return [isRepeated(script) ? script : repeats(script as Parameters<typeof repeats>[0])];
}
