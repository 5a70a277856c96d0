import { Armed } from './armed';
import { make, part, write } from './dom';
import { act, counts, Refused, type Counts } from './durable-api';
import { Details, NO_ACTIONS } from './durable-details';
import { PAGE, Pages } from './durable-pages';
import { RequestTable } from './durable-table';
import { Tabs } from './durable-tabs';
import { whole } from './format';
import { say } from './state-line';
import { askForToken, forgetToken, onToken, savedToken, showMain, TokenWanted } from './token';

/** How long to wait between two looks, in ms. */
const EVERY_MS = 2_000;
/** How long nobody may type before a search begins, in ms. */
const TYPING_MS = 300;
/** Hex characters from which on a text is the beginning of an id. */
const ID_CHARACTERS_MIN = 4;
/** Services that can be chosen from. */
const SERVICES_MAX = 500;
/** Where schedules stand. */
const CRON_SERVICE = 'titanic.cron';

const service = part<HTMLSelectElement>('service');
const search = part<HTMLInputElement>('search');
const pause = part<HTMLButtonElement>('pause');
const pages = new Pages();
const tabs = new Tabs(want);
const details = new Details(lookAnew, wantToken);
const table = new RequestTable(PAGE, (id) => {
  if (latest) void details.open(id, latest.actions, latest.at);
});
const retryAll = new Armed(
  part<HTMLButtonElement>('retry-all'),
  'Really retry them?',
  () => void actOnAll('retry'),
);
const purgeAll = new Armed(
  part<HTMLButtonElement>('purge-all'),
  'Purge them for good?',
  () => void actOnAll('purge'),
);

let latest: Counts | undefined;
let paused = false;
let timer: ReturnType<typeof setTimeout> | undefined;
let looks = 0;
let hasPage = false;

/** Another list is wanted: its first page. */
function want(): void {
  const text = search.value.trim().toLowerCase();
  const isId = text.length >= ID_CHARACTERS_MIN && /^[0-9a-f]{1,32}$/.test(text);
  pages.want({
    state: tabs.chosen.state,
    service: service.value || undefined,
    ...(isId ? { idPrefix: text } : { search: search.value.trim() || undefined }),
  });
  lookAnew();
}

/** Reads what is shown, and again after a while. A look that was begun later is the one that counts. */
async function look(): Promise<void> {
  clearTimeout(timer);
  const number = ++looks;
  try {
    const found = await counts();
    const isSame = (hasPage && pages.isSlow) || (await pages.load());
    if (number !== looks) return;
    latest = found;
    if (isSame) {
      hasPage = true;
      showMain();
      render(found);
    }
    document.body.dataset['stale'] = 'no';
    say('live', 'good');
  } catch (error) {
    if (number !== looks) return;
    if (error instanceof TokenWanted) {
      wantToken();
      return;
    }
    complain(error);
  }
  again();
}

/** Looks at the page again, however long that took before. */
function lookAnew(): void {
  hasPage = false;
  void look();
}

function complain(error: unknown): void {
  document.body.dataset['stale'] = 'yes';
  const isAnswer = error instanceof Refused;
  const why = isAnswer ? `${error.code}: ${error.message}` : 'The broker does not answer.';
  if (!latest) showMain();
  say(isAnswer ? 'no answer from titanic' : 'no connection', 'bad', [why, 'Trying again.']);
}

/** Looks again after a while, unless nobody looks. */
function again(): void {
  clearTimeout(timer);
  if (!paused && !document.hidden) timer = setTimeout(() => void look(), EVERY_MS);
}

function render(found: Counts): void {
  tabs.update(found, service.value);
  offer(found);
  table.update(pages.requests, found.at);
  const { chosen } = tabs;
  const isSearch = service.value !== '' || search.value.trim() !== '';
  const none = part('requests-none');
  none.hidden = pages.requests.length > 0;
  write(none, isSearch || pages.number > 1 ? 'Nothing here fits.' : chosen.none);
  write(part('requests-title'), chosen.state === undefined ? 'All requests' : `${chosen.title} requests`);
  write(part('pager-note'), noteOf());
  part<HTMLButtonElement>('first').disabled = pages.number === 1;
  part<HTMLButtonElement>('next').disabled = pages.next === undefined;
  renderBulk(found);
  const names = new Set(found.services.map((each) => each.service));
  names.delete(CRON_SERVICE);
  write(part('about'), `${whole(names.size)} ${names.size === 1 ? 'service' : 'services'}`);
}

function noteOf(): string {
  const shown = `Page ${whole(pages.number)} · ${whole(pages.requests.length)} shown`;
  if (pages.next === undefined) return shown;
  if (pages.requests.length >= PAGE) return `${shown} · there are more`;
  return `${shown} · not all was looked through: the next page goes on`;
}

/** What can be done to all dead letters, of one service or of all. */
function renderBulk({ actions, services }: Counts): void {
  const dead = services
    .filter((each) => each.state === 'dead' && (service.value === '' || each.service === service.value))
    .reduce((sum, { requests }) => sum + requests, 0);
  const isShown = tabs.chosen.state === 'dead' && dead > 0;
  part('bulk').hidden = !isShown;
  part('retry-all').hidden = !actions;
  part('purge-all').hidden = !actions;
  const whose = service.value === '' ? 'of all services' : `of ${service.value}`;
  write(part('bulk-note'), actions ? `Dead letters ${whose}` : NO_ACTIONS);
  retryAll.text = `Retry all ${whole(dead)}`;
  purgeAll.text = `Purge all ${whole(dead)}`;
}

async function actOnAll(action: 'retry' | 'purge'): Promise<void> {
  const note = part('bulk-note');
  try {
    const count = await act(
      service.value === '' ? { action, all: true } : { action, service: service.value },
    );
    const what = action === 'retry' ? 'are to be tried again' : 'are gone for good';
    write(part('announce'), `${whole(count)} ${what}.`);
  } catch (error) {
    if (error instanceof TokenWanted) {
      wantToken();
      return;
    }
    write(note, error instanceof Error ? error.message : String(error));
  }
  lookAnew();
}

/** Fills the list of services; what is chosen stays chosen. */
function offer({ services }: Counts): void {
  const chosen = service.value;
  const names = [...new Set(services.map((each) => each.service))].sort().slice(0, SERVICES_MAX);
  if (chosen !== '' && !names.includes(chosen)) names.push(chosen);
  const before = [...service.options].slice(1).map(({ value }) => value);
  if (service.options.length > 0 && before.join('\n') === names.join('\n')) return;
  const options = ['', ...names].map((name) => {
    const option = make('option', '', name === '' ? 'All services' : name);
    option.value = name;
    if (name === CRON_SERVICE) option.textContent = 'Schedules (cron)';
    return option;
  });
  service.replaceChildren(...options);
  service.value = chosen;
}

function wantToken(): void {
  clearTimeout(timer);
  looks++;
  const refused = savedToken() !== null;
  forgetToken();
  askForToken();
  say(refused ? 'wrong token' : 'token wanted', refused ? 'bad' : 'warn');
}

onToken(() => void look());

pause.addEventListener('click', () => {
  paused = !paused;
  pause.setAttribute('aria-pressed', String(paused));
  write(pause, paused ? 'Go on' : 'Pause');
  clearTimeout(timer);
  // What is on its way is not shown any more.
  looks++;
  if (!paused) void look();
});

service.addEventListener('change', want);

let typing: ReturnType<typeof setTimeout> | undefined;
search.addEventListener('input', () => {
  clearTimeout(typing);
  typing = setTimeout(want, TYPING_MS);
});

part('first').addEventListener('click', () => {
  pages.first();
  lookAnew();
});

part('next').addEventListener('click', () => {
  pages.forward();
  lookAnew();
});

document.addEventListener('visibilitychange', () => {
  if (!document.hidden && !paused) void look();
});

document.addEventListener('keydown', (event) => {
  if (event.target instanceof HTMLInputElement) {
    if (event.key === 'Escape' && event.target === search) {
      search.value = '';
      want();
    }
  } else if (event.key === '/' && !details.isOpen && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    search.focus();
  }
});

want();
