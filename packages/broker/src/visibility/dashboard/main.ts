import type { Snapshot } from '../snapshot';
import { part, write } from './dom';
import { rate, time } from './format';
import { History } from './history';
import { IncidentList } from './incidents';
import { Services } from './services';
import { say } from './state-line';
import { snapshots } from './stream';
import { Tiles } from './tiles';
import { askForToken, forgetToken, onToken, savedToken, showMain, TokenWanted } from './token';
import { Workers } from './workers';

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

function take(snapshot: Snapshot): void {
  history.add(snapshot);
  const { ready, reasons, state } = snapshot.broker;
  showMain();
  document.body.dataset['stale'] = 'no';
  if (ready) say('ready', 'good');
  else say(state === 'running' ? 'not ready' : state, 'bad', reasons);
  if (paused) return;
  latest = snapshot;
  render();
}

/** Watches until the connection ends. */
async function watchOnce(): Promise<void> {
  for await (const snapshot of snapshots()) take(snapshot);
  throw new Error('The broker ended the connection.');
}

async function watch(): Promise<void> {
  for (;;) {
    try {
      await watchOnce();
    } catch (error) {
      if (error instanceof TokenWanted) return wantToken();
      document.body.dataset['stale'] = 'yes';
      say('no connection', 'bad', ['What is shown is what the broker said last. Trying again.']);
      document.title = 'no connection · Majordomo';
    }
    await new Promise((again) => setTimeout(again, AGAIN_MS));
  }
}

function wantToken(): void {
  const refused = savedToken() !== null;
  forgetToken();
  askForToken();
  say(refused ? 'wrong token' : 'token wanted', refused ? 'bad' : 'warn');
}

onToken(() => void watch());

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
