import { existsSync } from 'node:fs';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';

/** Where Linux distributions put Chromium; `CHROMIUM` names another place. */
const PLACES = [
  process.env['CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];

const executablePath = PLACES.find((place) => place !== undefined && existsSync(place));

/** Like `describe`; where no Chromium is installed it says so, and its tests are skipped. */
export const describeInBrowser = executablePath ? describe : describe.skip;

if (!executablePath) {
  process.stdout.write(
    'skipped: tests of the dashboard in a browser: Chromium is not installed (apt-get install chromium)\n',
  );
}

const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A page, and what went wrong in it. */
export interface Visit {
  readonly page: Page;
  /** Complaints of the browser: errors of scripts, refused resources, broken policies. */
  readonly complaints: string[];
  /** Every address that was asked for. */
  readonly asked: string[];
}

/** A browser for the tests of one file. */
export class TestBrowser {
  #browser: Browser | undefined;

  async open(): Promise<void> {
    this.#browser = await chromium.launch({ executablePath: executablePath ?? '', args: ARGS });
  }

  async close(): Promise<void> {
    await this.#browser?.close();
  }

  /** Closes what was visited: for `afterEach`. */
  async leave(): Promise<void> {
    for (const context of this.#browser?.contexts() ?? []) await context.close();
  }

  async visit(address: string, options: BrowserContextOptions = {}): Promise<Visit> {
    if (!this.#browser) throw new Error('The browser is not open.');
    const context = await this.#browser.newContext(options);
    const page = await context.newPage();
    const complaints: string[] = [];
    const asked: string[] = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    page.on('request', (request) => asked.push(request.url()));
    // What is waited for in vain is told before the test is over.
    page.setDefaultTimeout(10_000);
    // Its time goes on by itself, and can be moved on.
    await page.clock.install();
    await page.goto(address);
    return { page, complaints, asked };
  }
}
