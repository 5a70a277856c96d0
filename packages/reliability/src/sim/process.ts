import { quantized, type Agenda, type Entry } from './agenda';

/** Turns from one look at all tables to the next. */
const LOOK_EVERY = 8;

/** How a process runs. */
export interface Pace {
  /** How long it takes to turn to what has come; what comes meanwhile is heard in the same turn. */
  readonly turnMs: number;
  /** Its own clock when it starts, in whole ms: no two machines have the same. */
  readonly clockMs: number;
  /** True where timers that are due go before what came in: so runs a broker that was stopped for a while. */
  readonly timersFirst: boolean;
}

/**
 * A process with an event loop, in the one world: what comes in and what is due waits for its next turn, and is heard
 * in that turn, one thing after another. It can be frozen, in which time nothing of it runs and all that comes piles
 * up, and it can be killed, after which nothing of it is left.
 */
export abstract class Process {
  /** How long it has been frozen so far, in ms. */
  frozenMs = 0;
  readonly #bornAt: number;
  #input: (() => void)[] = [];
  #due: (() => void)[] = [];
  #turn: Entry | undefined;
  #alarm: Entry | undefined;
  #turns = 0;
  /** True while a turn goes on: what comes meanwhile is for the next. */
  #running = false;
  #frozen = 0;
  #frozenAt = 0;
  #dead = false;

  constructor(
    protected readonly agenda: Agenda,
    readonly name: string,
    private readonly pace: Pace,
  ) {
    this.#bornAt = agenda.now - pace.clockMs;
  }

  /** Its own time in ms. */
  get now(): number {
    return this.agenda.now - this.#bornAt;
  }

  get dead(): boolean {
    return this.#dead;
  }

  get frozen(): boolean {
    return this.#frozen > 0;
  }

  /** Something comes in. */
  protected input(hear: () => void): void {
    if (this.#dead) return;
    this.#input.push(hear);
    this.#turnSoon();
  }

  /** Does something in so many ms, unless it is dead by then. */
  after(ms: number, what: () => void): Entry {
    return this.agenda.in(quantized(ms), () => this.#fire(what));
  }

  #fire(what: () => void): void {
    if (this.#dead) return;
    this.#due.push(what);
    this.#turnSoon();
  }

  /** Has {@link alarm} called at a time on its own clock, or before; only the earliest counts. */
  protected wakeBy(time: number): void {
    if (time === Infinity || this.#dead) return;
    const at = Math.max(this.agenda.now, Math.ceil(time + this.#bornAt));
    if (this.#alarm && this.#alarm.at <= at) return;
    if (this.#alarm) this.#alarm.off = true;
    this.#alarm = this.agenda.at(at, () => {
      this.#alarm = undefined;
      this.#fire(() => this.alarm());
    });
  }

  #turnSoon(): void {
    if (this.#frozen > 0 || this.#turn || this.#running) return;
    const { turnMs } = this.pace;
    if (turnMs === 0) {
      this.#take();
      return;
    }
    const { now } = this.agenda;
    const at = (Math.floor(now / turnMs) + 1) * turnMs;
    this.#turn = this.agenda.at(at, this.#again);
  }

  #take(): void {
    if (this.#dead || this.#frozen > 0) return;
    this.#running = true;
    const first = this.pace.timersFirst ? this.#due : this.#input;
    const second = this.pace.timersFirst ? this.#input : this.#due;
    this.#input = [];
    this.#due = [];
    for (const what of first) this.#do(what);
    for (const what of second) this.#do(what);
    if (!this.#dead) this.endTurn();
    this.#running = false;
    if (this.#input.length + this.#due.length > 0) this.#turn = this.agenda.in(0, this.#again);
  }

  readonly #again = (): void => {
    this.#turn = undefined;
    this.#take();
  };

  #do(what: () => void): void {
    if (this.#dead) return;
    what();
    this.afterEach();
  }

  /** Something that is done to it from outside, in a turn of its own. */
  act(what: () => void): void {
    this.#fire(what);
  }

  /** Stops it; it can be frozen more than once at a time. */
  freeze(): void {
    if (this.#frozen++ === 0) this.#frozenAt = this.agenda.now;
  }

  thaw(): void {
    if (this.#frozen === 0 || --this.#frozen > 0) return;
    this.frozenMs += this.agenda.now - this.#frozenAt;
    if (this.#input.length + this.#due.length > 0) this.#turnSoon();
  }

  /** True in one of so many turns: to look at everything in each would cost more than all else. */
  protected everySoOften(): boolean {
    return ++this.#turns % LOOK_EVERY === 0;
  }

  /** The end of it; nothing more of it runs. */
  protected die(): void {
    this.#dead = true;
    this.#input = [];
    this.#due = [];
    if (this.#alarm) this.#alarm.off = true;
  }

  /** The time that {@link wakeBy} asked for. */
  protected abstract alarm(): void;
  /** After each thing that it heard or did. */
  protected afterEach(): void {
    // Most have nothing to do before the end of the turn.
  }

  /** After all of one turn. */
  protected abstract endTurn(): void;
}
