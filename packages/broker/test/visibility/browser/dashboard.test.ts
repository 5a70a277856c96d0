import { closeAllSockets, RawClient02, RawWorker02 } from '@majordomo/testkit';
import type { Page } from 'playwright-core';
import { closeBrokers } from '../../wire/served';
import { describeInBrowser, TestBrowser } from './browser';
import { faintTexts } from './contrast';
import { Exhibit, service, snapshotOf } from './exhibit';
import { cutTexts, WIDTHS } from './fit';
import { addressOf, show } from '../shown';

const TOKEN = 'a-token-of-sixteen-or-more';
const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };

/** The names of the services in the order in which they are shown. */
const namesOf = (page: Page): Promise<string[]> => page.locator('#services tbody th').allTextContents();

/** The text of a cell of a service. */
const cell = (page: Page, name: string, column: string): Promise<string> =>
  page.locator('#services tbody tr', { hasText: name }).locator(`.c-${column}`).innerText();

describeInBrowser('the dashboard in Chromium', () => {
  const browser = new TestBrowser();
  const exhibits: Exhibit[] = [];
  beforeAll(() => browser.open(), 60_000);
  afterAll(() => browser.close());
  afterEach(() => browser.leave());
  afterEach(closeBrokers);
  afterEach(closeAllSockets);
  afterEach(async () => {
    for (const exhibit of exhibits.splice(0)) await exhibit.close();
  });

  async function exhibit(
    ...given: ConstructorParameters<typeof Exhibit>
  ): Promise<{ it: Exhibit; address: string }> {
    const it = new Exhibit(...given);
    exhibits.push(it);
    return { it, address: await it.listen() };
  }

  describe('of a real broker', () => {
    test('shows what happens as it happens, asks nobody else, and breaks none of its own rules', async () => {
      const { broker, endpoint, workers } = await show();
      const worker = new RawWorker02(endpoint);
      await worker.ready('echo');
      await workers(1);
      const { page, complaints, asked } = await browser.visit(addressOf(broker));
      await page.getByText('ready', { exact: true }).waitFor();
      expect(await namesOf(page)).toEqual(['echo']);
      expect(await cell(page, 'echo', 'workers')).toBe('1 · 1 idle');
      const client = new RawClient02(endpoint);
      await client.request('echo', 'hello');
      const { address } = await worker.nextRequest();
      await page.locator('#workers .pill', { hasText: 'full' }).waitFor();
      await worker.final(address, 'world');
      await page.waitForFunction(() => {
        const shown = document.querySelector('#services tbody .c-p99')?.textContent ?? '';
        return shown !== '' && shown !== '–';
      });
      await page.locator('#workers .pill', { hasText: 'idle' }).waitFor();
      expect(complaints).toEqual([]);
      expect(asked.filter((url) => !url.startsWith(addressOf(broker)) && !url.startsWith('data:'))).toEqual(
        [],
      );
    });

    test('a lost worker is told of', async () => {
      const { broker, endpoint, workers } = await show();
      const worker = new RawWorker02(endpoint);
      await worker.ready('echo');
      await workers(1);
      const { page } = await browser.visit(addressOf(broker));
      await page.getByText('Nothing has gone wrong since the broker started.').waitFor();
      await worker.close();
      await page.locator('#incidents li', { hasText: 'worker lost: connection_closed' }).waitFor();
      expect(await page.locator('#incidents-none').isVisible()).toBe(false);
    });

    test('asks for the token, says when it is wrong, and keeps the right one for the tab alone', async () => {
      const { broker } = await show({ httpToken: TOKEN });
      const { page } = await browser.visit(addressOf(broker));
      await page.getByLabel('Token').fill('wrong-token-of-somebody');
      await page.keyboard.press('Enter');
      await page.getByText('wrong token', { exact: true }).waitFor();
      await page.getByLabel('Token').fill(TOKEN);
      await page.keyboard.press('Enter');
      await page.getByText('ready', { exact: true }).waitFor();
      expect(
        await page.evaluate(() => [{ ...sessionStorage }, { ...localStorage }, document.cookie]),
      ).toEqual([{ 'majordomo.token': TOKEN }, {}, '']);
      await page.reload();
      await page.getByText('ready', { exact: true }).waitFor();
      expect(page.url()).not.toContain(TOKEN);
    });
  });

  test('five hundred services are sorted, filtered and drawn without delay', async () => {
    const many = Array.from({ length: 500 }, (_, n) =>
      service(`service-${n}`, { rate: n, history: Array.from({ length: 60 }, (__, at) => at % 7) }),
    );
    const { it, address } = await exhibit(snapshotOf(many));
    const { page } = await browser.visit(address);
    await page.locator('#services tbody tr').nth(499).waitFor({ state: 'attached' });
    expect((await namesOf(page)).slice(0, 3)).toEqual(['service-0', 'service-1', 'service-2']);
    await page.getByRole('button', { name: 'Req/s' }).click();
    expect((await namesOf(page)).slice(0, 2)).toEqual(['service-499', 'service-498']);
    expect(
      await page
        .locator('#services th[aria-sort]')
        .evaluateAll((cells) => cells.map((each) => each.ariaSort)),
    ).toEqual(['descending']);
    await page.keyboard.press('/');
    await page.keyboard.type('service-49');
    expect((await namesOf(page)).length).toBe(11);
    expect(await page.locator('#services-count').innerText()).toBe('11 of 500');
    await page.keyboard.press('Escape');
    expect((await namesOf(page)).length).toBe(500);
    // One update of all rows, with what the browser does about it, in ms.
    await page.mouse.move(0, 0);
    const before = await page.evaluate(() => performance.now());
    it.tell(snapshotOf(many.map((each) => ({ ...each, rate: 7_777, history: [] }))));
    await page.waitForFunction(
      () => document.querySelector('#services tbody tr:last-child .c-rate')?.textContent === '7,777',
    );
    expect((await page.evaluate(() => performance.now())) - before).toBeLessThan(5_000);
  });

  test('only lines that can be seen are drawn', async () => {
    const many = Array.from({ length: 500 }, (_, n) => service(`service-${n}`, { history: [1, 2, 3] }));
    const { address } = await exhibit(snapshotOf(many));
    const { page } = await browser.visit(address);
    await page.locator('#services tbody polyline[points]').first().waitFor({ state: 'attached' });
    const drawn = (): Promise<number> => page.locator('#services tbody polyline[points]').count();
    expect(await drawn()).toBeLessThan(100);
    const last = page.locator('#services tbody tr').last();
    await last.scrollIntoViewIfNeeded();
    await last.locator('polyline[points]').waitFor({ state: 'attached' });
  });

  test('a click on a service shows its workers, and Pause holds everything', async () => {
    const start = snapshotOf([service('echo'), service('other')]);
    const { it, address } = await exhibit(start);
    const { page } = await browser.visit(address);
    await page.getByRole('button', { name: 'other' }).click();
    expect(await page.locator('#workers-count').innerText()).toBe('0 of 1');
    await page.getByLabel('Filter').fill('');
    const pause = page.getByRole('button', { name: 'Pause' });
    await pause.click();
    it.tell(
      snapshotOf([service('echo', { queued: 55 })], {
        broker: { ...start.broker, ready: false, reasons: ['it stalled'] },
      }),
    );
    await page.getByText('it stalled', { exact: true }).waitFor();
    expect(await namesOf(page)).toEqual(['echo', 'other']);
    await page.getByRole('button', { name: 'Go on' }).click();
    it.tell(snapshotOf([service('echo', { queued: 66 })]));
    await page.waitForFunction(
      () => document.querySelector('#services .c-queue[data-tone]')?.textContent === '66',
    );
    expect(await namesOf(page)).toEqual(['echo']);
  });

  test('a broker that goes away is said to be away, and is there again when it comes back', async () => {
    const { it, address } = await exhibit(snapshotOf([service('echo')]));
    const { page } = await browser.visit(address);
    await page.getByText('ready', { exact: true }).waitFor();
    await it.close();
    await page.getByText('no connection', { exact: true }).waitFor();
    expect(await page.title()).toBe('no connection · Majordomo');
    expect(await namesOf(page)).toEqual(['echo']);
    const again = new Exhibit(snapshotOf([service('echo'), service('new')]));
    exhibits.push(again);
    await again.listen(Number(new URL(address).port));
    await page.getByText('ready', { exact: true }).waitFor();
    expect(await namesOf(page)).toEqual(['echo', 'new']);
    expect(await page.title()).toBe('1,234/s · Majordomo');
  });

  test('names are shown as text, whatever they are', async () => {
    const nasty = '<img src=x onerror=alert(1)>';
    const { address } = await exhibit(snapshotOf([service(nasty)]));
    const { page, complaints } = await browser.visit(address);
    await page.locator('#services tbody tr').waitFor();
    expect(await namesOf(page)).toEqual([nasty]);
    expect([await page.locator('#services img').count(), complaints]).toEqual([0, []]);
  });

  describe('for everybody', () => {
    test.each(['light', 'dark'] as const)(
      'in %s, every text stands out from what is behind it',
      async (colorScheme) => {
        const { address } = await exhibit(
          snapshotOf([
            service('echo', { queued: 5, oldestMs: 20_000 }),
            service('slow', { queued: 1, oldestMs: 2_000 }),
          ]),
        );
        const { page } = await browser.visit(address, { colorScheme });
        await page.locator('#services tbody tr').first().waitFor();
        expect(await faintTexts(page)).toEqual([]);
      },
    );

    test('on a phone nothing is wider than the screen, and what matters is there', async () => {
      const { address } = await exhibit(
        snapshotOf([service('a-service-with-a-rather-long-name.of.somebody')]),
      );
      const { page } = await browser.visit(address, PHONE);
      await page.locator('#services tbody tr').waitFor();
      const wide = await page.evaluate(() =>
        ['html', '#services', '#workers'].filter((name) => {
          const element = document.querySelector(name);
          const box = name === 'html' ? element : element?.parentElement;
          return (box?.scrollWidth ?? 0) > (box?.clientWidth ?? 0);
        }),
      );
      expect(wide).toEqual([]);
      for (const column of ['name', 'rate', 'p99', 'queue'])
        expect(await page.locator(`#services tbody .c-${column}`).isVisible()).toBe(true);
    });

    test.each(WIDTHS)('%i pixels wide, no number, state or title is cut off', async (width) => {
      const start = snapshotOf([
        service('a-service-with-a-rather-long-name.of.somebody', {
          rate: 99_999,
          errorRate: 9_999,
          p50Ms: 999,
          p99Ms: 299_000,
          queued: 100_000,
          oldestMs: 299_000,
          inFlight: 1_024,
          credit: 1_024,
          workers: { idle: 1_000, busy: 24, full: 0, draining: 0 },
        }),
      ]);
      const { address } = await exhibit({
        ...start,
        broker: { ...start.broker, lagMs: 19.9, bytesIn: 24_900, pendingBytes: 1_830_000 },
        workers: start.workers.map((each) => ({
          ...each,
          peer: '006b8b4567',
          state: 'draining',
          inFlight: 128,
          credit: 128,
          silentMs: 888,
          registeredMs: 86_399_000,
        })),
      });
      const { page } = await browser.visit(address, { viewport: { width, height: 800 } });
      await page.locator('#workers tbody tr').waitFor();
      expect(await cutTexts(page, 'thead th, td:not(.c-service), #workers tbody th, dt, .value')).toEqual([]);
    });

    test('the keyboard reaches everything in order, and the focus shows', async () => {
      const { address } = await exhibit(snapshotOf([service('echo')]));
      const { page } = await browser.visit(address);
      await page.locator('#services tbody tr').waitFor();
      const stops: string[] = [];
      for (let n = 0; n < 7; n++) {
        await page.keyboard.press('Tab');
        stops.push(
          await page.evaluate(() => {
            const element = document.activeElement as HTMLElement;
            const shows = getComputedStyle(element).outlineStyle !== 'none';
            return `${element.id || element.textContent?.trim() || element.className}${shows ? '' : ' unseen'}`;
          }),
        );
      }
      expect(stops.slice(0, 3)).toEqual(['Skip to the services', 'pause', 'filter']);
      expect(stops.slice(4, 7)).toEqual(['Service', 'Req/s', 'Err/s']);
    });

    test('screen readers find tables with headers, and are told of changes of state only', async () => {
      const start = snapshotOf([service('echo')]);
      const { it, address } = await exhibit(start);
      const { page } = await browser.visit(address);
      await page.getByRole('table', { name: /Services with their rates/ }).waitFor();
      await page.getByRole('rowheader', { name: 'echo' }).waitFor();
      await page.getByRole('columnheader', { name: 'Req/s' }).waitFor();
      await page.getByRole('region', { name: /^Workers/ }).waitFor();
      expect(await page.locator('[aria-live]').count()).toBe(1);
      const said = (): Promise<string> => page.getByRole('status').innerText();
      expect(await said()).toBe('ready.');
      await page.evaluate(() => {
        const status = document.querySelector('[role=status]');
        new MutationObserver(() => (document.title = 'told')).observe(status!, {
          childList: true,
          characterData: true,
          subtree: true,
        });
      });
      it.tell(snapshotOf([service('echo', { rate: 99 })]));
      await page.waitForFunction(
        () => document.querySelector('#services tbody .c-rate')?.textContent === '99',
      );
      expect(await page.title()).not.toBe('told');
      it.tell({
        ...start,
        broker: { ...start.broker, ready: false, state: 'draining', reasons: ['it drains'] },
      });
      await page.getByText('draining', { exact: true }).waitFor();
      expect(await said()).toBe('draining. it drains');
    });
  });
});
