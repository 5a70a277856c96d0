import type { ServiceSnapshot } from '../snapshot';
import { make, paint, part, write, type Tone } from './dom';
import { rate, time, whole } from './format';
import type { History } from './history';
import { Spark } from './spark';
import { LiveTable, textColumn, type Column } from './table';

/** Services shown at one time; a filter brings the others. */
const SHOWN_MAX = 500;
/** A queue that has waited for longer is worth a look, or more than one, in ms. */
const WAIT_WARN_MS = 1_000;
const WAIT_BAD_MS = 10_000;

/** Workers of any state. */
export const workersOf = ({ workers }: ServiceSnapshot): number =>
  workers.idle + workers.busy + workers.full + workers.draining;

const toned = (
  column: Column<ServiceSnapshot>,
  tone: (row: ServiceSnapshot) => Tone,
): Column<ServiceSnapshot> => ({
  ...column,
  show: (cell, row) => {
    column.show(cell, row);
    paint(cell, tone(row));
  },
});

const waitTone = ({ oldestMs }: ServiceSnapshot): Tone => {
  if (oldestMs >= WAIT_BAD_MS) return 'bad';
  return oldestMs >= WAIT_WARN_MS ? 'warn' : 'none';
};

/** A line of one service: only those that can be seen are drawn. */
interface Drawing {
  readonly spark: Spark;
  service: string;
  seen: boolean;
}

/** The table of services. */
export class Services {
  readonly #table: LiveTable<ServiceSnapshot>;
  readonly #sparks = new WeakMap<Element, Drawing>();
  readonly #observer = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        const drawing = this.#sparks.get(target);
        if (!drawing) continue;
        drawing.seen = isIntersecting;
        this.#draw(drawing);
      }
    },
    { rootMargin: '200px' },
  );

  /** @param choose - called when somebody clicks on a service */
  constructor(
    private readonly history: History,
    choose: (service: string) => void,
  ) {
    this.#table = new LiveTable(
      part<HTMLTableElement>('services'),
      this.#columns(choose),
      ({ service }) => service,
      SHOWN_MAX,
    );
  }

  #columns(choose: (service: string) => void): [Column<ServiceSnapshot>, ...Column<ServiceSnapshot>[]] {
    return [
      {
        key: 'name',
        title: 'Service',
        by: ({ service }) => service,
        fill: (cell) => {
          const button = make('button', 'link');
          button.type = 'button';
          button.addEventListener('click', () => choose(button.textContent ?? ''));
          cell.append(button);
        },
        show: (cell, row) => {
          const button = cell.firstElementChild;
          if (!button) return;
          write(button, row.service);
          if (cell.title !== row.service) cell.title = row.service;
          paint(cell, workersOf(row) === 0 ? 'bad' : 'none');
        },
      },
      {
        key: 'spark',
        title: 'Minute',
        says: 'Requests per second over the last minute',
        fill: (cell) => {
          const spark = new Spark();
          this.#sparks.set(cell, { spark, service: '', seen: false });
          cell.append(spark.element);
          this.#observer.observe(cell);
        },
        show: (cell, { service }) => {
          const drawing = this.#sparks.get(cell);
          if (!drawing) return;
          drawing.service = service;
          this.#draw(drawing);
        },
      },
      textColumn({
        key: 'rate',
        title: 'Req/s',
        says: 'Requests that workers answered or failed at, per second',
        align: 'end',
        by: (row) => row.rate ?? -1,
        text: (row) => rate(row.rate),
      }),
      toned(
        textColumn({
          key: 'errors',
          title: 'Err/s',
          says: 'Requests that ended in any other way than by an answer, per second',
          align: 'end',
          always: false,
          by: (row) => row.errorRate ?? -1,
          text: (row) => rate(row.errorRate),
        }),
        ({ errorRate }) => ((errorRate ?? 0) > 0 ? 'bad' : 'none'),
      ),
      textColumn({
        key: 'p50',
        title: 'p50',
        says: 'Half of the requests of the last ten seconds took no longer',
        align: 'end',
        always: false,
        by: (row) => row.p50Ms ?? -1,
        text: (row) => time(row.p50Ms),
      }),
      textColumn({
        key: 'p99',
        title: 'p99',
        says: '99 of 100 requests of the last ten seconds took no longer',
        align: 'end',
        by: (row) => row.p99Ms ?? -1,
        text: (row) => time(row.p99Ms),
      }),
      toned(
        textColumn({
          key: 'queue',
          title: 'Queue',
          says: 'Requests that wait for a worker',
          align: 'end',
          by: ({ queued }) => queued,
          text: ({ queued }) => whole(queued),
        }),
        waitTone,
      ),
      toned(
        textColumn({
          key: 'oldest',
          title: 'Oldest',
          says: 'How long the oldest of them has waited',
          align: 'end',
          always: false,
          by: ({ queued, oldestMs }) => (queued > 0 ? oldestMs : -1),
          text: ({ queued, oldestMs }) => time(queued > 0 ? oldestMs : null),
        }),
        waitTone,
      ),
      textColumn({
        key: 'flight',
        title: 'In flight',
        says: 'Requests that workers hold, of those that they take at once',
        align: 'end',
        always: false,
        by: ({ inFlight }) => inFlight,
        text: ({ inFlight, credit }) => `${whole(inFlight)} / ${whole(credit)}`,
      }),
      toned(
        textColumn({
          key: 'workers',
          title: 'Workers',
          says: 'Workers, and how many of them hold nothing',
          align: 'end',
          always: false,
          by: workersOf,
          text: (row) =>
            workersOf(row) === 0 ? 'none' : `${whole(workersOf(row))} · ${whole(row.workers.idle)} idle`,
        }),
        (row) => (workersOf(row) === 0 ? 'bad' : 'none'),
      ),
    ];
  }

  #draw({ spark, service, seen }: Drawing): void {
    if (seen) spark.draw(this.history.of(service));
  }

  /** Shows those services whose names have the text in them. */
  update(services: readonly ServiceSnapshot[], total: number, filter: string): void {
    const matching = services.filter(({ service }) => service.toLowerCase().includes(filter));
    this.#table.update(matching);
    write(part('services-count'), filter ? `${whole(matching.length)} of ${whole(total)}` : whole(total));
    const note = part('services-note');
    const hidden = matching.length - this.#table.shown;
    const unlisted = total - services.length;
    note.hidden = hidden + unlisted === 0;
    if (!note.hidden) write(note, `${whole(this.#table.shown)} are shown; filter or sort to see others.`);
  }
}
