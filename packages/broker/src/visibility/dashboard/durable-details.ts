import type { DurableAction, DurableRequest } from '../durable/durable-work';
import { Armed } from './armed';
import { make, paint, part, write } from './dom';
import { act, Refused, request } from './durable-api';
import { errorOf, fromNow, STATE_TONE } from './durable-table';
import { bytes, timestamp, whole } from './format';
import { TokenWanted } from './token';

/** A request that waits can be changed. */
const isWaiting = ({ state }: DurableRequest): boolean =>
  state === 'scheduled' || state === 'due' || state === 'retrying';

/** Text for `datetime-local`, in the time zone of who looks. */
function localText(at: number): string {
  const shifted = new Date(at - new Date(at).getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 19);
}

/** What is told of a request, and in which words. */
function factsOf(shown: DurableRequest, now: number): [title: string, text: string][] {
  const moment = (at: number): string => `${timestamp(at)} (${fromNow(at, now)})`;
  const facts: [string, string | undefined][] = [
    ['Id', shown.id],
    ['Service', shown.service],
    ['State', shown.state],
    ['Submitted', moment(shown.submittedAt)],
    [shown.state === 'retrying' ? 'Next attempt' : 'Due', moment(shown.dueAt)],
    ['Expires', shown.expiresAt === undefined ? undefined : moment(shown.expiresAt)],
    ['Ended', shown.endedAt === undefined ? undefined : moment(shown.endedAt)],
    ['Attempts', whole(shown.attempts)],
    ['Priority', whole(shown.priority)],
    ['Size', bytes(shown.bytes)],
    ['In the hands of', shown.owner],
    ['Key', shown.key],
    ['Schedule', shown.cron && `${shown.cron.pattern} (${shown.cron.timezone})`],
    ['Made by schedule', shown.schedule],
    ['Progress', shown.progress],
  ];
  return facts.filter((fact): fact is [string, string] => fact[1] !== undefined);
}

/** One request with all that is known of it, and what can be done to it. */
export class Details {
  readonly #dialog = part<HTMLDialogElement>('details');
  readonly #outcome = part('outcome');
  #shown: DurableRequest | undefined;
  #mayAct = false;
  #now = 0;

  /** @param changed - called after something was done */
  constructor(
    private readonly changed: () => void,
    private readonly tokenWanted: () => void,
  ) {
    part('close').addEventListener('click', () => this.#dialog.close());
    this.#dialog.addEventListener('close', () => (this.#shown = undefined));
    // A click beside the dialog is one on the dialog itself: what is in it fills it.
    this.#dialog.addEventListener('click', ({ target }) => {
      if (target === this.#dialog) this.#dialog.close();
    });
    const once = (id: string, action: 'cancel' | 'purge', armed: string): Armed =>
      new Armed(part<HTMLButtonElement>(id), armed, () => void this.#act((each) => ({ action, id: each })));
    this.#armed = [once('cancel', 'cancel', 'Really cancel?'), once('purge', 'purge', 'Purge for good?')];
    part('retry').addEventListener('click', () => void this.#act((id) => ({ action: 'retry', id })));
    part<HTMLFormElement>('reschedule').addEventListener('submit', (event) => {
      event.preventDefault();
      const at = new Date(part<HTMLInputElement>('at').value).getTime();
      void this.#act((id) => ({ action: 'reschedule', id, at }));
    });
  }

  readonly #armed: readonly Armed[];

  get isOpen(): boolean {
    return this.#dialog.open;
  }

  /**
   * Opens for one request.
   * @param mayAct - false where the broker has no token
   * @param now - by the clock of the broker, in ms
   */
  async open(id: string, mayAct: boolean, now: number): Promise<void> {
    this.#mayAct = mayAct;
    this.#now = now;
    write(this.#outcome, '');
    paint(this.#outcome, 'none');
    for (const armed of this.#armed) armed.disarm();
    await this.#guarded(async () => {
      this.#show(await request(id));
      part<HTMLInputElement>('at').value = localText(Math.max(now, this.#shown?.dueAt ?? now));
    });
    if (!this.#dialog.open) this.#dialog.showModal();
  }

  #show(shown: DurableRequest): void {
    this.#shown = shown;
    write(part('details-title'), `Request for ${shown.service}`);
    part('facts').replaceChildren(
      ...factsOf(shown, this.#now).flatMap(([title, text]) => {
        const value = make('dd');
        if (title === 'State') {
          const pill = make('span', 'pill', text);
          paint(pill, STATE_TONE[shown.state]);
          value.append(pill);
        } else value.textContent = text;
        if (title === 'Id') value.className = 'mono';
        return [make('dt', '', title), value];
      }),
    );
    part('error').hidden = shown.error === undefined;
    write(part('error'), errorOf(shown));
    part('reschedule').hidden = !this.#mayAct || !isWaiting(shown);
    part('cancel').hidden = !isWaiting(shown);
    part('retry').hidden = shown.state !== 'dead';
    part('purge').hidden = shown.state !== 'dead';
    const isActionable = isWaiting(shown) || shown.state === 'dead';
    part('actions').hidden = !this.#mayAct || !isActionable;
    const note = part('actions-note');
    note.hidden = this.#mayAct || !isActionable;
    write(note, NO_ACTIONS);
  }

  /** Says what has gone wrong in the dialog. */
  async #guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (error instanceof TokenWanted) {
        this.#dialog.close();
        this.tokenWanted();
        return;
      }
      const text =
        error instanceof Refused ? `${error.code}: ${error.message}` : 'The broker did not answer.';
      write(this.#outcome, text);
      paint(this.#outcome, 'bad');
    }
  }

  async #act(actionOn: (id: string) => DurableAction): Promise<void> {
    const { id } = this.#shown ?? {};
    if (id === undefined) return;
    await this.#guarded(async () => {
      const action = actionOn(id);
      await act(action);
      paint(this.#outcome, 'good');
      write(this.#outcome, DONE[action.action]);
      this.changed();
      if (action.action !== 'purge') this.#show(await request(id));
      else for (const each of ['retry', 'purge', 'error']) part(each).hidden = true;
    });
  }
}

/** Said where nothing can be done. */
export const NO_ACTIONS =
  'Cancel, reschedule, retry and purge need a token: start the broker with one (--http-token-file).';

const DONE: Readonly<Record<DurableAction['action'], string>> = {
  cancel: 'It is cancelled.',
  reschedule: 'It is rescheduled.',
  retry: 'It is to be tried again.',
  purge: 'It is gone for good.',
};
