import { TOP_COLUMNS } from './columns';
import type { View } from './view';

const CTRL_C = '\u0003';
const CTRL_D = '\u0004';
const ESCAPE = '\u001b';

/** What a key does to what is shown: another view, or the end. */
export function press(view: View, key: string, services: number): View | 'end' {
  const at = TOP_COLUMNS.indexOf(view.sort);
  const column = (step: number): View => {
    const next = TOP_COLUMNS[(at + step + TOP_COLUMNS.length) % TOP_COLUMNS.length] ?? view.sort;
    return { ...view, sort: next, turned: false, scroll: 0 };
  };
  const scrolled = (by: number): View => ({
    ...view,
    scroll: Math.max(0, Math.min(services - 1, view.scroll + by)),
  });
  switch (key) {
    case 'q':
    case CTRL_C:
    case CTRL_D:
      return 'end';
    case `${ESCAPE}[C`:
      return column(1);
    case `${ESCAPE}[D`:
      return column(-1);
    case `${ESCAPE}[A`:
      return scrolled(-1);
    case `${ESCAPE}[B`:
      return scrolled(1);
    case `${ESCAPE}[5~`:
      return scrolled(-10);
    case `${ESCAPE}[6~`:
      return scrolled(10);
    case 'r':
      return { ...view, turned: !view.turned };
    case ' ':
      return { ...view, paused: !view.paused };
    default:
      return view;
  }
}
