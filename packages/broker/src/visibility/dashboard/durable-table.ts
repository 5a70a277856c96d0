import type { DurableRequest, DurableState } from '../durable/durable-work';
import { make, paint, part, write, type Tone } from './dom';
import { bytes, NONE, time, timestamp, whole } from './format';
import { LiveTable, textColumn, type Column } from './table';

export const STATE_TONE: Readonly<Record<DurableState, Tone>> = {
  scheduled: 'none',
  due: 'none',
  retrying: 'warn',
  running: 'good',
  done: 'good',
  dead: 'bad',
  expired: 'warn',
  cancelled: 'none',
};

/** When something is, seen from now. */
export function fromNow(at: number, now: number): string {
  const ms = at - now;
  // Tenths of seconds would only make the eye restless.
  const shown = time(Math.abs(ms) < 60_000 ? Math.round(Math.abs(ms) / 1_000) * 1_000 : Math.abs(ms));
  if (Math.abs(ms) < 500) return 'now';
  return ms > 0 ? `in ${shown}` : `${shown} ago`;
}

/** The time that matters most of a request: its end, or when it is due. */
const timeOf = ({ endedAt, dueAt }: DurableRequest): number => endedAt ?? dueAt;

/** The last error in a line. */
export function errorOf({ error }: DurableRequest): string {
  return error ? `${error.workerCode ?? error.code}: ${error.message}` : '';
}

/** One page of requests, in the order given. */
export class RequestTable {
  readonly #table: LiveTable<DurableRequest>;
  #now = 0;

  /**
   * @param rowsMax - requests on a page
   * @param choose - called when somebody clicks on a request
   */
  constructor(rowsMax: number, choose: (id: string) => void) {
    const table = part<HTMLTableElement>('requests');
    this.#table = new LiveTable(table, this.#columns(choose), ({ id }) => id, rowsMax);
  }

  #columns(choose: (id: string) => void): [Column<DurableRequest>, ...Column<DurableRequest>[]] {
    return [
      {
        key: 'id',
        title: 'Request',
        says: 'Its UUID',
        fill: (cell) => {
          const button = make('button', 'link');
          button.type = 'button';
          button.addEventListener('click', () => choose(button.textContent ?? ''));
          cell.append(button);
        },
        show: (cell, { id }) => {
          if (cell.firstElementChild) write(cell.firstElementChild, id);
          if (cell.title !== id) cell.title = id;
        },
      },
      {
        key: 'target',
        title: 'Service',
        show: (cell, { service }) => {
          write(cell, service);
          if (cell.title !== service) cell.title = service;
        },
      },
      {
        key: 'phase',
        title: 'State',
        always: false,
        fill: (cell) => cell.append(make('span', 'pill')),
        show: (cell, { state }) => {
          const pill = cell.firstElementChild;
          if (!(pill instanceof HTMLElement)) return;
          write(pill, state);
          paint(pill, STATE_TONE[state]);
        },
      },
      {
        key: 'when',
        title: 'When',
        says: 'When it is due, was due, or ended',
        show: (cell, request) => {
          const at = timeOf(request);
          write(cell, fromNow(at, this.#now));
          const title = timestamp(at);
          if (cell.title !== title) cell.title = title;
        },
      },
      textColumn({
        key: 'attempts',
        title: 'Tries',
        says: 'Attempts so far',
        align: 'end',
        always: false,
        text: ({ attempts }) => whole(attempts),
      }),
      textColumn({
        key: 'priority',
        title: 'Priority',
        says: '0 to 9, the higher first',
        align: 'end',
        always: false,
        text: ({ priority }) => whole(priority),
      }),
      textColumn({
        key: 'size',
        title: 'Size',
        says: 'Of its body and reply',
        align: 'end',
        always: false,
        text: (request) => bytes(request.bytes),
      }),
      {
        key: 'error',
        title: 'Last error',
        show: (cell, request) => {
          const text = errorOf(request);
          write(cell, text || NONE);
          if (cell.title !== text) cell.title = text;
          paint(cell, request.state === 'dead' ? 'bad' : 'none');
        },
      },
    ];
  }

  /** @param now - by the clock of the broker, in ms */
  update(requests: readonly DurableRequest[], now: number): void {
    this.#now = now;
    this.#table.update(requests);
  }
}
