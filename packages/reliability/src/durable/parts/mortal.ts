import type { RequestStore } from '@majordomo/titanic';
import { STORE_CALLS, type Death, type RunStep, type StoreCall } from './messages';

/** Ends this process as a crash would: nothing is closed, flushed or said. */
export function die(): never {
  process.kill(process.pid, 'SIGKILL');
  throw new Error('nothing runs after SIGKILL');
}

/** Counts how often this process comes to the place where it is to die. */
export class Fate {
  #death: Death | undefined;
  #passed = 0;

  /** From now on, it dies there. */
  choose(death: Death): void {
    this.#death = death;
    this.#passed = 0;
  }

  /** A worker is here. */
  atRun(run: RunStep): void {
    const death = this.#death;
    if (death && 'run' in death && death.run === run && this.#passed++ >= death.spared) die();
  }

  /** A titanic makes this call; what it should do with it. */
  atCall(call: string): Extract<Death, { call: string }> | undefined {
    const death = this.#death;
    if (!death || !('call' in death) || death.call !== call) return undefined;
    return this.#passed++ >= death.spared ? death : undefined;
  }
}

/** A store that kills its process in the middle of the call that its fate names. */
export function mortalStore(store: RequestStore, fate: Fate): RequestStore {
  return new Proxy(store, {
    get: (target, name) => {
      const member = Reflect.get(target, name, target) as unknown;
      if (typeof member !== 'function') return member;
      const call = (...args: unknown[]): unknown => Reflect.apply(member, target, args) as unknown;
      return isMortal(name) ? (...args: unknown[]) => perform(name, fate, () => call(...args)) : call;
    },
  });
}

const isMortal = (name: string | symbol): name is StoreCall =>
  (STORE_CALLS as readonly (string | symbol)[]).includes(name);

async function perform(name: string, fate: Fate, call: () => unknown): Promise<unknown> {
  const death = fate.atCall(name);
  if (death?.moment === 'before') die();
  const outcome = call();
  if (death?.moment === 'during') setTimeout(die, death.afterMs);
  const result = await outcome;
  if (death?.moment === 'after') die();
  return result;
}
