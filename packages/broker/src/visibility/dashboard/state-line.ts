import { paint, part, write, type Tone } from './dom';

/** The state in words; screen readers are told when it changes, and of nothing else. */
export function say(text: string, tone: Tone, reasons: readonly string[] = []): void {
  const state = part('state');
  const why = part('reasons');
  if (state.textContent !== text) write(part('announce'), `${text}. ${reasons.join('. ')}`);
  write(state, text);
  paint(state, tone);
  why.hidden = reasons.length === 0;
  write(why, reasons.join(' · '));
}
