import type { BrokerSnapshot, Snapshot } from '../snapshot';
import { make, paint, part, write, type Tone } from './dom';
import { bytes, rate, time, whole } from './format';
import type { History } from './history';
import { Spark } from './spark';

/** A loop that is later makes requests wait, in ms. */
const LAG_WARN_MS = 50;
const LAG_BAD_MS = 500;

interface Tile {
  readonly title: string;
  readonly value: (snapshot: Snapshot) => string;
  readonly note: (snapshot: Snapshot) => string;
  readonly tone?: (snapshot: Snapshot) => Tone;
  readonly spark?: true;
}

const peers = ({ peers }: BrokerSnapshot, role: string): number =>
  peers.filter((each) => each.role === role).reduce((sum, { count }) => sum + count, 0);

const byDialect = ({ peers }: BrokerSnapshot, role: string): string =>
  peers
    .filter((each) => each.role === role)
    .map(({ dialect, count }) => `${whole(count)} ${dialect}`)
    .join(' · ');

const oldest = ({ services }: Snapshot): number => Math.max(0, ...services.map(({ oldestMs }) => oldestMs));

function lagTone(lagMs: number): Tone {
  if (lagMs >= LAG_BAD_MS) return 'bad';
  return lagMs >= LAG_WARN_MS ? 'warn' : 'none';
}

const TILES: readonly Tile[] = [
  {
    title: 'Requests per second',
    value: ({ broker }) => rate(broker.rate),
    note: ({ servicesTotal }) => `${whole(servicesTotal)} ${servicesTotal === 1 ? 'service' : 'services'}`,
    spark: true,
  },
  {
    title: 'Errors per second',
    value: ({ broker }) => rate(broker.errorRate),
    note: ({ broker }) =>
      broker.rate > 0 ? `${((100 * broker.errorRate) / (broker.rate + broker.errorRate)).toFixed(1)} %` : '',
    tone: ({ broker }) => (broker.errorRate > 0 ? 'bad' : 'none'),
  },
  {
    title: 'Waiting',
    value: ({ broker }) => whole(broker.queued),
    note: (snapshot) => (snapshot.broker.queued > 0 ? `oldest ${time(oldest(snapshot))}` : 'nobody waits'),
    tone: (snapshot) => (oldest(snapshot) >= 10_000 ? 'bad' : oldest(snapshot) >= 1_000 ? 'warn' : 'none'),
  },
  {
    title: 'In flight',
    value: ({ broker }) => whole(broker.inFlight),
    note: ({ broker }) => `${bytes(broker.pendingBytes)} held`,
  },
  {
    title: 'Workers',
    value: ({ workersTotal }) => whole(workersTotal),
    note: ({ broker }) => byDialect(broker, 'worker'),
    tone: ({ workersTotal }) => (workersTotal === 0 ? 'warn' : 'none'),
  },
  {
    title: 'Clients',
    value: ({ broker }) => whole(peers(broker, 'client')),
    note: ({ broker }) => byDialect(broker, 'client'),
  },
  {
    title: 'Event loop lag',
    value: ({ broker }) => time(broker.lagMs),
    note: ({ broker }) => `CPU ${Math.round(broker.cpu * 100)} %`,
    tone: ({ broker }) => lagTone(broker.lagMs),
  },
  {
    title: 'Memory',
    value: ({ broker }) => bytes(broker.memoryBytes),
    note: ({ broker }) => `heap ${bytes(broker.heapBytes)}`,
  },
  {
    title: 'Traffic in',
    value: ({ broker }) => `${bytes(broker.bytesIn)}/s`,
    note: ({ broker }) => `out ${bytes(broker.bytesOut)}/s`,
  },
];

/** The broker's own numbers. */
export class Tiles {
  readonly #shown: readonly {
    readonly tile: Tile;
    readonly value: HTMLElement;
    readonly note: HTMLElement;
  }[];
  readonly #spark = new Spark();

  constructor(private readonly history: History) {
    this.#shown = TILES.map((tile) => {
      const box = make('div', tile.spark ? 'tile wide' : 'tile');
      const value = make('dd', 'value');
      const note = make('dd', 'note');
      box.append(make('dt', '', tile.title), value, note);
      if (tile.spark) {
        const line = make('dd', 'line');
        line.setAttribute('aria-hidden', 'true');
        line.append(this.#spark.element);
        box.append(line);
      }
      part('tiles').append(box);
      return { tile, value, note };
    });
  }

  update(snapshot: Snapshot): void {
    for (const { tile, value, note } of this.#shown) {
      write(value, tile.value(snapshot));
      const text = tile.note(snapshot);
      write(note, text);
      if (note.title !== text) note.title = text;
      paint(value, tile.tone?.(snapshot) ?? 'none');
    }
    this.#spark.draw(this.history.total);
  }
}
