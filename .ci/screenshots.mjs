// Makes the pictures of the dashboard in docs/images: a broker under load, looked at in Chromium. `npm run screenshots`.
import { mkdir } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { Broker } from '@majordomo/broker';
import { Client } from '@majordomo/client';
import { Worker } from '@majordomo/worker';
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

const browser = await chromium.launch({
  executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
});

/**
 * @param {string} name
 * @param {string} address
 * @param {import('playwright-core').BrowserContextOptions} options
 * @param {(page: import('playwright-core').Page) => Promise<void>} [prepare]
 */
async function picture(name, address, options, prepare) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  await page.goto(address);
  await page.locator('#services tbody tr').first().waitFor();
  await delay(2_000);
  await prepare?.(page);
  await page.screenshot({ path: new URL(`${name}.png`, FOLDER).pathname });
  await context.close();
  console.log(`docs/images/${name}.png`);
}

await mkdir(FOLDER, { recursive: true });
const few = await underLoad(NAMES.length);
await delay(WARM_UP_MS);
await picture('dashboard-light', few.address, { viewport: DESK, colorScheme: 'light' });
await picture('dashboard-dark', few.address, { viewport: DESK, colorScheme: 'dark' });
await picture('dashboard-phone', few.address, { viewport: PHONE, deviceScaleFactor: 2, colorScheme: 'dark' });
await few.close();
const many = await underLoad(500);
await delay(WARM_UP_MS);
await picture('dashboard-500', many.address, { viewport: DESK, colorScheme: 'light' }, async (page) => {
  await page.getByRole('button', { name: 'p99' }).click();
  await page.mouse.move(0, 0);
  await delay(1_500);
});
await many.close();
await browser.close();
process.exit(0);
