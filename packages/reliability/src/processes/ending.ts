/** How long a process may take to end in good order, in ms; drain timeouts of the bus are half of it. */
export const END_TIMEOUT_MS = 60_000;

/** How a process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** One end of one process, as it came. */
export interface Ending {
  readonly life: string;
  /** `killed`: by SIGKILL, as planned. `terminated`: after our SIGTERM. `died`: by itself. */
  readonly how: 'killed' | 'terminated' | 'died';
  readonly exit: Exit;
  /** True where SIGTERM did not end it in time, and SIGKILL had to. */
  readonly forced: boolean;
  readonly lastWords: string;
}

/** What is wrong with the way in which a process ended, or `undefined`. */
export function faultOf({ life, how, exit, forced, lastWords }: Ending): string | undefined {
  const words = lastWords ? `\n${lastWords}` : '';
  if (how === 'killed') return undefined;
  if (forced) return `${life} did not end within ${END_TIMEOUT_MS} ms after SIGTERM${words}`;
  if (how === 'died') return `${life} ended by itself, with ${exit.signal ?? exit.code}${words}`;
  return exit.code === 0 ? undefined : `${life} ended with ${exit.signal ?? exit.code} after SIGTERM${words}`;
}
