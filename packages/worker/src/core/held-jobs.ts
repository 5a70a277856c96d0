import type { HeldJob } from './packed-effects';

const SIZE_MIN = 64;

/**
 * The jobs that a session holds, by their references. Brokers count references up, so those in hand fall into places
 * of their own in a table a little larger than they are many, and a job is put in and taken out without a hash and
 * without memory: a `Map` grows and shrinks with every burst.
 */
export class HeldJobs<Job extends HeldJob> {
  #places: (Job | undefined)[] = new Array<Job | undefined>(SIZE_MIN).fill(undefined);
  #mask = SIZE_MIN - 1;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The job with that reference. */
  get(ref: number): Job | undefined {
    let job = this.#places[ref & this.#mask];
    while (job && job.ref !== ref) job = job.nextHeld as Job | undefined;
    return job;
  }

  /** Adds a job whose reference no other has. */
  add(job: Job): void {
    if (this.#size > this.#mask) this.#grow();
    this.#put(job);
    this.#size++;
  }

  #put(job: Job): void {
    const place = job.ref & this.#mask;
    job.nextHeld = this.#places[place];
    this.#places[place] = job;
  }

  #grow(): void {
    const jobs = this.all();
    this.#mask = 2 * this.#mask + 1;
    this.#places = new Array<Job | undefined>(this.#mask + 1).fill(undefined);
    for (const job of jobs) this.#put(job);
  }

  /** Takes this very job out; false where it is not there. */
  remove(job: Job): boolean {
    const place = job.ref & this.#mask;
    let at = this.#places[place];
    if (at === job) {
      this.#places[place] = job.nextHeld as Job | undefined;
    } else {
      while (at && at.nextHeld !== job) at = at.nextHeld as Job | undefined;
      if (!at) return false;
      at.nextHeld = job.nextHeld;
    }
    job.nextHeld = undefined;
    this.#size--;
    return true;
  }

  /** All jobs, in no order. */
  all(): Job[] {
    const jobs: Job[] = [];
    for (const first of this.#places) {
      for (let job = first; job; job = job.nextHeld as Job | undefined) jobs.push(job);
    }
    return jobs;
  }

  /** Takes all jobs out. */
  takeAll(): Job[] {
    const jobs = this.all();
    for (const job of jobs) job.nextHeld = undefined;
    this.#places.fill(undefined);
    this.#size = 0;
    return jobs;
  }
}
