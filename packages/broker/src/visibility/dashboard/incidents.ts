import type { Incident } from '../incidents';
import { make, paint, part, write, type Tone } from './dom';
import { timeOfDay, whole } from './format';

const TONE: Readonly<Record<Incident['kind'], Tone>> = {
  loss: 'bad',
  expiry: 'warn',
  denial: 'warn',
  fault: 'bad',
};

/** The list of what went wrong, the latest first. */
export class IncidentList {
  readonly #list = part<HTMLOListElement>('incidents');
  readonly #items = new Map<number, HTMLLIElement>();

  update(incidents: readonly Incident[]): void {
    const there = new Set(incidents.map(({ id }) => id));
    for (const [id, item] of this.#items) {
      if (there.has(id)) continue;
      item.remove();
      this.#items.delete(id);
    }
    let next: ChildNode | null = this.#list.firstChild;
    for (const incident of incidents) {
      const item = this.#items.get(incident.id) ?? this.#newItem(incident);
      show(item, incident);
      if (item === next) next = next.nextSibling;
      else this.#list.insertBefore(item, next);
    }
    part('incidents-none').hidden = incidents.length > 0;
    write(part('incidents-count'), incidents.length > 0 ? whole(incidents.length) : '');
  }

  #newItem({ id, kind }: Incident): HTMLLIElement {
    const item = make('li');
    const pill = make('span', 'pill', kind);
    paint(pill, TONE[kind]);
    item.append(make('time'), pill, make('span', 'what'), make('span', 'whose'));
    this.#items.set(id, item);
    return item;
  }
}

function show(item: HTMLLIElement, { at, service, peer, detail, times }: Incident): void {
  const [when, , what, whose] = item.children;
  if (when instanceof HTMLTimeElement) {
    write(when, timeOfDay(at));
    when.dateTime = new Date(at).toISOString();
  }
  if (what) write(what, times > 1 ? `${detail} (${whole(times)} times)` : detail);
  if (whose) write(whose, [service, peer].filter(Boolean).join(' · '));
}
