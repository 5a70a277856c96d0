import type { WorkerSnapshot } from '../snapshot';
import { make, paint, part, write, type Tone } from './dom';
import { time, whole } from './format';
import { LiveTable, textColumn, type Column } from './table';

/** Workers shown at one time; a filter brings the others. */
const SHOWN_MAX = 250;

const STATE_TONE: Readonly<Record<WorkerSnapshot['state'], Tone>> = {
  idle: 'none',
  busy: 'good',
  full: 'warn',
  draining: 'bad',
};

/** The table of workers. */
export class Workers {
  readonly #table: LiveTable<WorkerSnapshot>;
  /** How long the broker waits for a word of a worker, in ms. */
  #silenceMs = Infinity;

  constructor() {
    const table = part<HTMLTableElement>('workers');
    this.#table = new LiveTable(table, this.#columns(), ({ peer }) => peer, SHOWN_MAX);
  }

  #columns(): [Column<WorkerSnapshot>, ...Column<WorkerSnapshot>[]] {
    return [
      {
        ...textColumn<WorkerSnapshot>({
          key: 'peer',
          title: 'Worker',
          by: ({ peer }) => peer,
          text: ({ peer }) => peer,
        }),
        says: 'The routing id of its connection',
      },
      textColumn({
        key: 'service',
        title: 'Service',
        by: ({ service }) => service,
        text: ({ service }) => service,
      }),
      {
        key: 'state',
        title: 'State',
        by: ({ state }) => state,
        fill: (cell) => cell.append(make('span', 'pill')),
        show: (cell, { state }) => {
          const pill = cell.firstElementChild;
          if (!(pill instanceof HTMLElement)) return;
          write(pill, state);
          paint(pill, STATE_TONE[state]);
        },
      },
      textColumn({
        key: 'hand',
        title: 'In hand',
        says: 'Requests that it holds, of those that it takes at once',
        align: 'end',
        by: ({ inFlight }) => inFlight,
        text: ({ inFlight, credit }) => `${whole(inFlight)} / ${whole(credit)}`,
      }),
      {
        key: 'heard',
        title: 'Heard',
        says: 'Since its last heartbeat, or anything else that it said',
        align: 'end',
        by: ({ silentMs }) => silentMs,
        show: (cell, { silentMs }) => {
          write(cell, time(silentMs));
          paint(cell, silentMs > this.#silenceMs / 2 ? 'warn' : 'none');
        },
      },
      textColumn({
        key: 'since',
        title: 'Up',
        says: 'Since it registered',
        align: 'end',
        always: false,
        by: ({ registeredMs }) => registeredMs,
        text: ({ registeredMs }) => time(registeredMs),
      }),
      textColumn({
        key: 'dialect',
        title: 'Dialect',
        always: false,
        by: ({ dialect }) => dialect,
        text: ({ dialect }) => dialect,
      }),
    ];
  }

  /** Shows those workers whose ids or services have the text in them. */
  update(workers: readonly WorkerSnapshot[], total: number, filter: string, silenceMs: number): void {
    this.#silenceMs = silenceMs;
    const matching = workers.filter(
      ({ service, peer }) => service.toLowerCase().includes(filter) || peer.includes(filter),
    );
    this.#table.update(matching);
    write(part('workers-count'), filter ? `${whole(matching.length)} of ${whole(total)}` : whole(total));
    const note = part('workers-note');
    note.hidden = matching.length === this.#table.shown && workers.length === total;
    if (!note.hidden) write(note, `${whole(this.#table.shown)} are shown; filter or sort to see others.`);
  }
}
