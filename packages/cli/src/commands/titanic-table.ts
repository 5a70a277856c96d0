import { defineCommand } from '../command';
import { DEFAULT_STORE } from '../settings/store';
import { BROKER_SETTINGS } from './broker-settings';
import { CURVE_SETTINGS } from './curve-settings';
import { TITANIC_SETTINGS } from './titanic-settings';

/** What the dashboard of a broker is looked for at, by `top` and by people. */
const DEFAULT_HTTP = '127.0.0.1:9464';

const titanic = defineCommand({
  name: 'titanic',
  operands: [],
  summary: 'keep and deliver durable requests: run a titanic',
  description:
    'Keeps requests in a store and delivers them, at their time, at their pace, as often as it takes, until SIGINT or ' +
    'SIGTERM, which finish the deliveries in hand first; a second one ends it at once. Works behind any broker. On ' +
    'PostgreSQL any number of titanics share the work; a file of SQLite is for one at a time.',
  settings: ['broker', ...TITANIC_SETTINGS, ...CURVE_SETTINGS],
  defaults: {},
  examples: [
    ['majordomo titanic --store sqlite:requests.db', 'in a file'],
    [
      'MAJORDOMO_STORE=postgres://titanic:secret@db/app majordomo titanic',
      'in a database, its password not in ps',
    ],
    [
      "majordomo titanic --store sqlite:requests.db --rules mail:per-second=10,burst=5,attempts=5 --rules '*:timeout=30s'",
      'ten mails a second, and half a minute for anything else',
    ],
    [
      'majordomo titanic --store sqlite:requests.db --retention done:age=1h --retention dead:age=30d,count=10000',
      'keep replies for an hour, dead letters for a month',
    ],
  ],
  load: () => import('./titanic'),
});

const up = defineCommand({
  name: 'up',
  operands: [],
  summary: 'run a broker, a titanic and the dashboard in one process',
  description:
    'Runs all that a small deployment needs: a broker, a titanic with its requests in a file, and the dashboard with ' +
    'metrics and health; on this machine alone unless --bind and --http say otherwise. SIGINT or SIGTERM finish what is ' +
    'in hand, titanic first, then the broker; a second one ends it at once.',
  settings: [...new Set([...BROKER_SETTINGS, ...TITANIC_SETTINGS]), 'titanicSecretKeyFile'],
  // What it prints is for people who start out; the log of a broker and all services of a titanic would bury it.
  defaults: { http: DEFAULT_HTTP, store: DEFAULT_STORE, logLevel: 'warn' },
  examples: [
    ['majordomo up', 'all of it, requests in majordomo.db in this folder'],
    ["majordomo up --bind 'tcp://*:5555' --store sqlite:/var/lib/majordomo/requests.db", 'for the network'],
    ['majordomo up --rules mail:per-second=10', 'with a pace'],
  ],
  load: () => import('./up'),
});

/** What runs durable work. */
export const TITANIC_COMMANDS = [up, titanic] as const;
