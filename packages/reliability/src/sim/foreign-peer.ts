import type { Frame } from '@majordomo/protocol';
import { quantized, type Agenda } from './agenda';
import type { Connect } from './client-process';
import type { Connection } from './network';
import type { ForeignPlan } from './plan';
import type { Random } from './random';

/** What scripted peers share with the world and each other. */
export interface ForeignWorld {
  readonly agenda: Agenda;
  readonly connect: Connect;
  readonly random: Random;
  nextRun(): number;
  /** A request number for a client that is not of ours, unlike any other. */
  nextNumber(): number;
  /** References that brokers gave to scripted workers: others answer with them. */
  readonly leaked: (string | number)[];
}

const RECONNECT_MS = 60;

/**
 * A scripted peer on a bare connection: no core, no session of ours. Subclasses say what it does when its connection
 * stands, when a message comes, and at each of its steps.
 */
export abstract class ForeignPeer {
  protected connection: Connection | undefined;
  protected readonly random: Random;
  #finished = false;
  #steps: number;

  constructor(
    protected readonly plan: ForeignPlan,
    protected readonly world: ForeignWorld,
  ) {
    this.random = world.random.stream(`foreign ${plan.name}`);
    this.#steps = plan.steps;
    world.agenda.at(plan.startAt, () => this.open());
    world.agenda.at(plan.startAt + plan.stepMs, () => this.#step());
  }

  get finished(): boolean {
    return this.#finished;
  }

  /** True where it does something that it should not. */
  protected misbehaves(): boolean {
    return this.random.chance(this.plan.malice);
  }

  protected after(ms: number, what: () => void): void {
    this.world.agenda.in(quantized(ms), () => {
      if (!this.#finished) what();
    });
  }

  protected open(): void {
    if (this.#finished || this.connection) return;
    const { name, broker, fixedId } = this.plan;
    const connection: Connection = this.world.connect(
      name,
      broker,
      {
        opened: () => {
          if (this.connection === connection) this.opened();
        },
        message: (frames) => {
          connection.toPeer.unread--;
          if (this.connection === connection) this.heard(frames);
        },
        closed: () => {
          if (this.connection !== connection) return;
          this.connection = undefined;
          this.lost();
          this.after(RECONNECT_MS, () => this.open());
        },
      },
      fixedId ? `own-${name}` : undefined,
    );
    this.connection = connection;
  }

  protected send(frames: readonly Frame[] | undefined): void {
    if (frames) this.connection?.send(frames);
  }

  /** Closes its connection, and makes another after a while. */
  protected again(): void {
    const { connection } = this;
    this.connection = undefined;
    connection?.close(this.random.chance(0.5));
    this.lost();
    this.after(this.random.between(1, RECONNECT_MS), () => this.open());
  }

  #step(): void {
    if (this.#finished || this.#steps-- <= 0) return;
    if (this.connection) this.step();
    this.world.agenda.in(quantized(this.plan.stepMs * (0.5 + this.random.fraction())), () => this.#step());
  }

  /** The end: it closes its connection, or is gone without a word. */
  finish(): void {
    if (this.#finished) return;
    this.#finished = true;
    const { connection } = this;
    this.connection = undefined;
    if (this.random.chance(0.5)) connection?.close(true);
    else connection?.break('gone', Infinity, Infinity);
  }

  protected abstract opened(): void;
  protected abstract heard(frames: readonly Frame[]): void;
  protected abstract lost(): void;
  protected abstract step(): void;
}
