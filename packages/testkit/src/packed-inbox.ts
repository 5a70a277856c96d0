import { hex } from './hex';
import { Mailbox } from './mailbox';
import type { PackedCommand, PackedKind } from './packed-commands';
import { DEFAULT_TIMEOUT_MS } from './raw-socket';

type Arrival = PackedCommand | { kind: 'violation'; complaint: string; frames: Buffer[] };

/** The command of a kind. */
export type PackedOf<K extends PackedKind> = Extract<PackedCommand, { kind: K }>;

/**
 * What has come to a raw packed peer and was not yet asked for. Kinds wait in queues of their own: asking for one
 * leaves the others. HEARTBEATs are counted, never kept.
 */
export class PackedInbox {
  /** Every arrival that broke the specification, in words. */
  readonly violations: string[] = [];
  heartbeats = 0;
  readonly #arrivals: Mailbox<Arrival>;
  readonly #beats: Mailbox<'heartbeat'>;

  constructor(name: string) {
    const show = (item: Arrival): string =>
      item.kind === 'violation' ? `violation ${hex(item.frames)}` : item.kind.toUpperCase();
    this.#arrivals = new Mailbox(name, show);
    this.#beats = new Mailbox(name, () => 'HEARTBEAT');
  }

  push(command: PackedCommand): void {
    if (command.kind !== 'heartbeat') return this.#arrivals.push(command);
    this.heartbeats += 1;
    this.#beats.push('heartbeat');
  }

  /** The next call that meets it throws it. */
  violation(complaint: string, frames: Buffer[]): void {
    this.violations.push(complaint);
    this.#arrivals.push({ kind: 'violation', complaint, frames });
  }

  /** The oldest command of one of these kinds; throws on a violation, and on a DISCONNECT that is not asked for. */
  async next<K extends Exclude<PackedKind, 'heartbeat'>>(
    kinds: readonly K[],
    timeoutMs: number = DEFAULT_TIMEOUT_MS,
    match: (command: PackedOf<K>) => boolean = () => true,
  ): Promise<PackedOf<K>> {
    const wanted = (item: Arrival): item is PackedOf<K> =>
      (kinds as readonly string[]).includes(item.kind) && match(item as PackedOf<K>);
    const what = kinds.map((kind) => kind.toUpperCase()).join(' or ');
    const ends = (item: Arrival): boolean => item.kind === 'violation' || item.kind === 'disconnect';
    const item = await this.#arrivals.take(what, timeoutMs, (each) => wanted(each) || ends(each));
    if (wanted(item)) return item;
    throw new Error(`awaited ${what}, got ${item.kind === 'violation' ? item.complaint : 'DISCONNECT'}`);
  }

  /** Waits for a HEARTBEAT not yet consumed. */
  async heartbeat(timeoutMs: number = DEFAULT_TIMEOUT_MS): Promise<void> {
    await this.#beats.take('HEARTBEAT', timeoutMs);
  }

  /** Throws when anything of these kinds, or anything at all but HEARTBEATs, is there or arrives within `ms`. */
  quiet(ms: number, kinds?: readonly PackedKind[]): Promise<void> {
    const what = kinds?.map((kind) => kind.toUpperCase()).join(' or ') ?? 'command but HEARTBEAT';
    return this.#arrivals.quiet(
      what,
      ms,
      (item) => kinds === undefined || (kinds as readonly string[]).includes(item.kind),
    );
  }

  close(because: string): void {
    this.#arrivals.close(because);
    this.#beats.close(because);
  }
}
