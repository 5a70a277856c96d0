import type { Snapshot } from '../snapshot';
import { paint, part, write, type Tone } from './dom';
import { rate, time } from './format';
import { History } from './history';
import { IncidentList } from './incidents';
import { Services } from './services';
import { snapshots, TokenWanted } from './stream';
import { Tiles } from './tiles';
import { Workers } from './workers';

const TOKEN_KEY = 'majordomo.token';
/** How long to wait before the broker is asked again, in ms. */
const AGAIN_MS = 2_000;

const filter = part<HTMLInputElement>('filter');
const pause = part<HTMLButtonElement>('pause');
const history = new History();
const tiles = new Tiles(history);
const services = new Services(history, choose);
const workers = new Workers();
const incidents = new IncidentList();

let latest: Snapshot | undefined;
let paused = false;

/** Shows one service and its workers. */
function choose(service: string): void {
  filter.value = service;
  render();
  part('workers-title').scrollIntoView({ block: 'nearest' });
}

function render(): void {
  if (!latest) return;
  const wanted = filter.value.trim().toLowerCase();
  const { broker } = latest;
  tiles.update(latest);
  services.update(latest.services, latest.servicesTotal, wanted);
  workers.update(latest.workers, latest.workersTotal, wanted, broker.silenceMs);
  incidents.update(latest.incidents);
  write(
    part('about'),
    `${broker.endpoints.join(', ')} · up ${time(broker.uptimeMs)} · version ${broker.version}`,
  );
  document.title = `${rate(broker.rate)}/s · Majordomo`;
}

/** The state in words; screen readers are told when it changes, and of nothing else. */
function say(text: string, tone: Tone, reasons: readonly string[] = []): void {
  const state = part('state');
  const why = part('reasons');
  if (state.textContent !== text) write(part('announce'), `${text}. ${reasons.join('. ')}`);
  write(state, text);
  paint(state, tone);
  why.hidden = reasons.length === 0;
  write(why, reasons.join(' · '));
}

function take(snapshot: Snapshot): void {
  history.add(snapshot);
  const { ready, reasons, state } = snapshot.broker;
  part('login').hidden = true;
  part('main').hidden = false;
  pause.hidden = false;
  document.body.dataset['stale'] = 'no';
  if (ready) say('ready', 'good');
  else say(state === 'running' ? 'not ready' : state, 'bad', reasons);
  if (paused) return;
  latest = snapshot;
  render();
}

/** Watches until the connection ends. */
async function watchOnce(): Promise<void> {
  for await (const snapshot of snapshots(sessionStorage.getItem(TOKEN_KEY))) take(snapshot);
  throw new Error('The broker ended the connection.');
}

async function watch(): Promise<void> {
  for (;;) {
    try {
      await watchOnce();
    } catch (error) {
      if (error instanceof TokenWanted) return askForToken();
      document.body.dataset['stale'] = 'yes';
      say('no connection', 'bad', ['What is shown is what the broker said last. Trying again.']);
    }
    await new Promise((again) => setTimeout(again, AGAIN_MS));
  }
}

function askForToken(): void {
  const refused = sessionStorage.getItem(TOKEN_KEY) !== null;
  sessionStorage.removeItem(TOKEN_KEY);
  part('main').hidden = true;
  pause.hidden = true;
  part('login').hidden = false;
  say(refused ? 'wrong token' : 'token wanted', refused ? 'bad' : 'warn');
  part<HTMLInputElement>('token').focus();
}

part<HTMLFormElement>('login').addEventListener('submit', (event) => {
  event.preventDefault();
  const token = part<HTMLInputElement>('token');
  sessionStorage.setItem(TOKEN_KEY, token.value.trim());
  token.value = '';
  void watch();
});

pause.addEventListener('click', () => {
  paused = !paused;
  pause.setAttribute('aria-pressed', String(paused));
  write(pause, paused ? 'Go on' : 'Pause');
});

filter.addEventListener('input', render);

document.addEventListener('keydown', (event) => {
  if (event.target instanceof HTMLInputElement) {
    if (event.key === 'Escape' && event.target === filter) {
      filter.value = '';
      render();
    }
  } else if (event.key === '/' && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    filter.focus();
  }
});

void watch();
