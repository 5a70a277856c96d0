// Makes the pictures of the dashboard in docs/images: a broker under load, looked at in Chromium. `npm run screenshots`;
// with names of pictures behind `--`, those alone.
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Broker } from '@majordomo/broker';
import { Client } from '@majordomo/client';
import { SqliteStore, Titanic, TitanicClient } from '@majordomo/titanic';
import { ServiceError, Worker } from '@majordomo/worker';
import { chromium } from 'playwright-core';

const FOLDER = new URL('../docs/images/', import.meta.url);
const WARM_UP_MS = 25_000;
const NAMES = [
  'billing.charge',
  'fraud.score',
  'geo.locate',
  'inventory.reserve',
  'mail.send',
  'orders.create',
  'orders.list',
  'pdf.render',
  'search.query',
  'search.suggest',
  'thumbnail',
  'users.lookup',
];
const TOKEN = 'a-token-for-pictures';
const DESK = { width: 1440, height: 960 };
const PHONE = { width: 390, height: 844 };

/**
 * A broker whose services have more or less to do, in waves.
 * @param {number} count
 */
async function underLoad(count) {
  const broker = new Broker({ bind: 'tcp://127.0.0.1:0', http: '127.0.0.1:0', heartbeatMs: 1_000 });
  await broker.start();
  const brokers = [...broker.endpoints];
  const services = Array.from(
    { length: count },
    (_, n) => NAMES[n] ?? `tenant-${String(n).padStart(3, '0')}.jobs`,
  );
  /** @type {Worker[]} */
  const workers = [];
  for (const [n, service] of services.entries()) {
    const handler = async () => {
      await delay(2 + ((n * 7) % 40) + 10 * Math.random());
      return 'done';
    };
    for (let each = 0; each <= (n < NAMES.length ? n % 3 : 0); each++) {
      const protocol = n % 5 === 4 ? 'mdp/0.2' : 'auto';
      const worker = new Worker(service, handler, { brokers, concurrency: 1 + (n % 4) * 2, protocol });
      await worker.start();
      workers.push(worker);
    }
  }
  const client = new Client({ brokers, pendingMax: 100_000 });
  /** @param {string} service @param {object} [options] */
  const ask = (service, options) => client.request(service, 'hello', options).catch(() => undefined);
  let tick = 0;
  const load = setInterval(() => {
    tick++;
    for (const [n, service] of services.entries()) {
      const wanted = (n < NAMES.length ? 5 : 0.1) * (1 + Math.sin(tick / 40 + n)) * (n === 10 ? 1.7 : 1);
      const times = Math.floor(wanted) + (Math.random() < wanted % 1 ? 1 : 0);
      for (let each = 0; each < times; each++) void ask(service, { timeoutMs: n === 7 ? 400 : 20_000 });
    }
    if (tick % 20 === 0) void ask('report.weekly', { timeoutMs: 6_000 });
    if (tick % 50 === 0) void ask('mail.sent', { failFast: true });
  }, 100);
  const close = async () => {
    clearInterval(load);
    client.close();
    await Promise.all(workers.map((worker) => worker.close()));
    await broker.close();
  };
  return { address: broker.httpAddress ?? '', close };
}

/** Durable work of all kinds: due, running, to be tried again, dead and scheduled. */
async function durableWork() {
  const folder = await mkdtemp(join(tmpdir(), 'screenshots-'));
  const store = await SqliteStore.open({ file: join(folder, 'requests.db') });
  /** @type {string[]} */
  const brokers = [];
  const api = () => new TitanicClient({ brokers });
  /** @type {TitanicClient | undefined} */
  let client;
  const titanicClient = () => (client ??= api());
  const broker = new Broker({
    bind: 'tcp://127.0.0.1:0',
    http: '127.0.0.1:0',
    httpToken: TOKEN,
    durable: {
      stats: () => titanicClient().stats(),
      list: (query) => titanicClient().list(query),
      get: (id) => titanicClient().status(id),
      act: async () => 0,
    },
  });
  await broker.start();
  brokers.push(...broker.endpoints);
  const titanic = new Titanic({
    brokers,
    store,
    defaults: { backoffMinMs: 20_000, backoffMaxMs: 600_000 },
    services: {
      'mail.send': { perSecond: 2 },
      'posts.publish': { concurrency: 3 },
      'report.weekly': { attempts: 1 },
    },
  });
  await titanic.start();
  /** @param {string} service @param {() => Promise<string>} handler */
  const serve = async (service, handler) => {
    const worker = new Worker(service, handler, { brokers, concurrency: 8 });
    await worker.start();
    return worker;
  };
  const workers = await Promise.all([
    serve('mail.send', async () => {
      if (Math.random() < 0.2) throw new ServiceError('MAILBOX_FULL', 'the mailbox of the recipient is full');
      return 'sent';
    }),
    serve('posts.publish', () => delay(600_000, 'published')),
    serve('pdf.render', async () => {
      if (Math.random() < 0.5)
        throw new ServiceError('FONT_MISSING', 'Inter-Bold.otf is not installed', { retryable: true });
      return 'rendered';
    }),
    serve('report.weekly', async () => {
      throw new Error('relation "sales_2026" does not exist');
    }),
  ]);
  const letters = (
    /** @type {string} */ service,
    /** @type {number} */ count,
    /** @type {object} */ options = {},
  ) =>
    titanicClient().submitMany(
      Array.from({ length: count }, (_, n) => ({
        service,
        body: 'x'.repeat(200 + ((n * 997) % 20_000)),
        priority: n % 7 === 0 ? 7 : 4,
        ...options,
      })),
    );
  await letters('mail.send', 240);
  await letters('posts.publish', 9);
  await letters('pdf.render', 60);
  await letters('report.weekly', 4);
  for (const hours of [1, 2, 5, 26]) await letters('posts.publish', 12, { inMs: hours * 3_600_000 });
  await titanicClient().submit('report.weekly', 'x', {
    cron: { pattern: '0 6 * * 1', timezone: 'Europe/Rome' },
  });
  const close = async () => {
    await titanic.close();
    await Promise.all(workers.map((worker) => worker.close()));
    client?.disconnect();
    await broker.close();
    await store.close();
    await rm(folder, { recursive: true });
  };
  return { address: broker.httpAddress ?? '', close };
}

const browser = await chromium.launch({
  executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
});

/**
 * @param {string} name
 * @param {string} address
 * @param {import('playwright-core').BrowserContextOptions} options
 * @param {(page: import('playwright-core').Page) => Promise<void>} [prepare]
 * @param {string} [table] what has to have rows
 */
async function picture(name, address, options, prepare, table = '#services') {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  await page.goto(address);
  await page.locator(`${table} tbody tr, #login:not([hidden])`).first().waitFor();
  if (await page.locator('#login').isVisible()) {
    await page.getByLabel('Token').fill(TOKEN);
    await page.keyboard.press('Enter');
    await page.locator(`${table} tbody tr`).first().waitFor();
  }
  await delay(2_000);
  await prepare?.(page);
  await page.screenshot({ path: new URL(`${name}.png`, FOLDER).pathname });
  await context.close();
  console.log(`docs/images/${name}.png`);
}

const wanted = process.argv.slice(2);
/** @param {string[]} names */
const isWanted = (...names) => wanted.length === 0 || names.some((name) => wanted.includes(name));

await mkdir(FOLDER, { recursive: true });
if (isWanted('broker')) {
  const few = await underLoad(NAMES.length);
  await delay(WARM_UP_MS);
  await picture('dashboard-light', few.address, { viewport: DESK, colorScheme: 'light' });
  await picture('dashboard-dark', few.address, { viewport: DESK, colorScheme: 'dark' });
  await picture('dashboard-phone', few.address, {
    viewport: PHONE,
    deviceScaleFactor: 2,
    colorScheme: 'dark',
  });
  await few.close();
  const many = await underLoad(500);
  await delay(WARM_UP_MS);
  await picture('dashboard-500', many.address, { viewport: DESK, colorScheme: 'light' }, async (page) => {
    await page.getByRole('button', { name: 'p99' }).click();
    await page.mouse.move(0, 0);
    await delay(1_500);
  });
  await many.close();
}
if (isWanted('durable')) {
  const durable = await durableWork();
  await delay(WARM_UP_MS);
  const page = `${durable.address}/durable`;
  /** @param {string} tab */
  const choose =
    (tab) =>
    /** @param {import('playwright-core').Page} page */
    async (page) => {
      await page.getByRole('tab', { name: tab }).click();
      await delay(3_000);
    };
  await picture('durable-light', page, { viewport: DESK, colorScheme: 'light' }, choose('Dead'), '#requests');
  await picture(
    'durable-dark',
    page,
    { viewport: DESK, colorScheme: 'dark' },
    choose('Retrying'),
    '#requests',
  );
  await picture(
    'durable-phone',
    page,
    { viewport: PHONE, deviceScaleFactor: 2, colorScheme: 'dark' },
    choose('Due'),
    '#requests',
  );
  await picture(
    'durable-details',
    page,
    { viewport: DESK, colorScheme: 'light' },
    async (page) => {
      await choose('Retrying')(page);
      await page.locator('#requests tbody button').first().click();
      await delay(500);
    },
    '#requests',
  );
  await durable.close();
}
await browser.close();
process.exit(0);
