import type { DurableState } from '../durable/durable-work';
import { make, paint, part, write, type Tone } from './dom';
import type { Counts } from './durable-api';
import { bytes, time, whole } from './format';

/** What there is, of one service or of all. */
interface Standing {
  readonly at: number;
  readonly waiting: number;
  readonly due: number;
  readonly retrying: number;
  readonly running: number;
  readonly dead: number;
  readonly all: number;
  readonly bytes: number;
  /** How long the first has been due, in ms; `undefined` where nothing is. */
  readonly lateMs: number | undefined;
  /** True where not all that is due, or retrying, was counted. */
  readonly isMore: boolean;
}

function standingOf({ at, services, backlog }: Counts, service: string): Standing {
  const counted = services.filter((each) => service === '' || each.service === service);
  const waits = backlog.filter((each) => service === '' || each.service === service);
  const of = (state?: string): number =>
    counted
      .filter((each) => state === undefined || each.state === state)
      .reduce((sum, { requests }) => sum + requests, 0);
  const oldest = Math.min(...waits.map(({ oldestDueAt }) => oldestDueAt ?? Infinity));
  return {
    at,
    waiting: of('waiting'),
    due: waits.reduce((sum, { due }) => sum + due, 0),
    retrying: waits.reduce((sum, { retrying }) => sum + retrying, 0),
    running: of('running'),
    dead: of('dead'),
    all: of(),
    bytes: counted.reduce((sum, each) => sum + each.bytes, 0),
    lateMs: oldest === Infinity ? undefined : Math.max(0, at - oldest),
    isMore: waits.some(({ isMore }) => isMore),
  };
}

/** Something that has been due for longer is worth a look, or more than one, in ms. */
const LATE_WARN_MS = 10_000;
const LATE_BAD_MS = 60_000;

function lateTone({ lateMs = 0 }: Standing): Tone {
  if (lateMs >= LATE_BAD_MS) return 'bad';
  return lateMs >= LATE_WARN_MS ? 'warn' : 'none';
}

const more = ({ isMore }: Standing, value: number): string => whole(value) + (isMore ? '+' : '');

/** Which requests a tab shows: `undefined` for all. */
export interface Tab {
  readonly key: string;
  readonly title: string;
  readonly state: DurableState | undefined;
  /** What stands there where there is nothing. */
  readonly none: string;
  readonly value: (standing: Standing) => string;
  readonly note: (standing: Standing) => string;
  readonly tone?: (standing: Standing) => Tone;
}

const DUE: Tab = {
  key: 'due',
  title: 'Due',
  state: 'due',
  none: 'Nothing is due that has not been claimed.',
  value: (standing) => more(standing, standing.due),
  note: ({ lateMs }) => (lateMs === undefined ? 'nothing waits for its turn' : `oldest ${time(lateMs)}`),
  tone: lateTone,
};

const TABS: readonly Tab[] = [
  DUE,
  {
    key: 'running',
    title: 'Running',
    state: 'running',
    none: 'Nothing is being delivered.',
    value: ({ running }) => whole(running),
    note: () => 'in hand',
  },
  {
    key: 'retrying',
    title: 'Retrying',
    state: 'retrying',
    none: 'Nothing waits for another attempt.',
    value: (standing) => more(standing, standing.retrying),
    note: () => 'after an error',
    tone: ({ retrying }) => (retrying > 0 ? 'warn' : 'none'),
  },
  {
    key: 'dead',
    title: 'Dead',
    state: 'dead',
    none: 'There are no dead letters.',
    value: ({ dead }) => whole(dead),
    note: () => 'failed for good',
    tone: ({ dead }) => (dead > 0 ? 'bad' : 'none'),
  },
  {
    key: 'scheduled',
    title: 'Scheduled',
    state: 'scheduled',
    none: 'Nothing is scheduled for later.',
    value: ({ waiting, due, retrying, isMore }) =>
      `${isMore ? 'up to ' : ''}${whole(Math.max(0, waiting - due - retrying))}`,
    note: () => 'for later',
  },
  {
    key: 'all',
    title: 'All',
    state: undefined,
    none: 'There are no requests.',
    value: ({ all }) => whole(all),
    note: (standing) => `${bytes(standing.bytes)} kept`,
  },
];

/** The tabs, each with how many there are. */
export class Tabs {
  readonly #buttons = new Map<
    Tab,
    { readonly button: HTMLElement; readonly value: HTMLElement; readonly note: HTMLElement }
  >();
  #chosen = DUE;

  /** @param onChoice - called when another tab is chosen */
  constructor(private readonly onChoice: () => void) {
    for (const tab of TABS) this.#add(tab);
    this.#mark();
  }

  get chosen(): Tab {
    return this.#chosen;
  }

  #add(tab: Tab): void {
    const button = make('button', 'tab');
    button.type = 'button';
    button.id = `tab-${tab.key}`;
    button.setAttribute('role', 'tab');
    button.setAttribute('aria-controls', 'requests-panel');
    const value = make('span', 'value');
    const note = make('span', 'note');
    button.append(make('span', 'title', tab.title), value, note);
    button.addEventListener('click', () => this.choose(tab));
    button.addEventListener('keydown', (event) => this.#move(event, tab));
    part('tabs').append(button);
    this.#buttons.set(tab, { button, value, note });
  }

  /** As tabs are moved along: arrows to the next one, Home and End to the first and last. */
  #move(event: KeyboardEvent, from: Tab): void {
    const at = TABS.indexOf(from);
    const places: Readonly<Record<string, number>> = {
      ArrowRight: (at + 1) % TABS.length,
      ArrowLeft: (at + TABS.length - 1) % TABS.length,
      Home: 0,
      End: TABS.length - 1,
    };
    const tab = TABS[places[event.key] ?? -1];
    if (!tab) return;
    event.preventDefault();
    this.choose(tab);
    this.#buttons.get(tab)?.button.focus();
  }

  choose(tab: Tab): void {
    if (tab === this.#chosen) return;
    this.#chosen = tab;
    this.#mark();
    this.onChoice();
  }

  #mark(): void {
    for (const [tab, { button }] of this.#buttons) {
      button.setAttribute('aria-selected', String(tab === this.#chosen));
      button.tabIndex = tab === this.#chosen ? 0 : -1;
    }
  }

  /** @param service - whose counts to show; empty for all */
  update(counts: Counts, service: string): void {
    const standing = standingOf(counts, service);
    for (const [tab, { value, note }] of this.#buttons) {
      write(value, tab.value(standing));
      const text = tab.note(standing);
      write(note, text);
      if (note.title !== text) note.title = text;
      paint(value, tab.tone?.(standing) ?? 'none');
    }
  }
}
