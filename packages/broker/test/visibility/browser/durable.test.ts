import { NoWorkerError } from '@majordomo/protocol';
import { eventually } from '@majordomo/testkit';
import type { Page } from 'playwright-core';
import { durable, DurableDouble } from '../durable-double';
import { describeInBrowser, TestBrowser, type Visit } from './browser';
import { faintTexts } from './contrast';
import { Exhibit, service, snapshotOf } from './exhibit';
import { cutTexts, WIDTHS } from './fit';

const TOKEN = 'a-token-of-sixteen-or-more';
const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };

const HEAD = 'abcd';
const dead = (n: number, fields = {}) =>
  durable(`${n}dead`, {
    state: 'dead',
    attempts: 10,
    endedAt: Date.now() - 90_000,
    error: { code: 'WORKER_FAILED', workerCode: 'BOUNCED', message: 'no such address' },
    ...fields,
  });

/** Some of every kind. */
const some = (): DurableDouble =>
  new DurableDouble([
    durable(`${HEAD}${'1'.repeat(28)}`),
    durable('2', { service: 'sms' }),
    durable('3', { state: 'running', attempts: 1, owner: 'host:77' }),
    durable('4', {
      state: 'retrying',
      attempts: 2,
      dueAt: Date.now() + 30_000,
      error: { code: 'TIMEOUT', message: 'no reply within 60000 ms' },
    }),
    durable('5', { state: 'scheduled', dueAt: Date.now() + 3_600_000 }),
    dead(6),
    dead(7, { service: 'sms' }),
  ]);

/** The ids in the table, as they are shown. */
const idsOf = (page: Page): Promise<string[]> => page.locator('#requests tbody th').allTextContents();

/** Waits for the table to have so many rows. */
const rows = (page: Page, count: number): Promise<unknown> =>
  page.waitForFunction((wanted) => document.querySelectorAll('#requests tbody tr').length === wanted, count);

describeInBrowser('the page of durable work in Chromium', () => {
  const browser = new TestBrowser();
  const exhibits: Exhibit[] = [];
  beforeAll(() => browser.open(), 60_000);
  afterAll(() => browser.close());
  afterEach(() => browser.leave());
  afterEach(async () => {
    for (const exhibit of exhibits.splice(0)) await exhibit.close();
  });

  /** The page, over durable work; with the token said where there is one. */
  async function visit(
    work: DurableDouble,
    { token, ...options }: { token?: string } & Parameters<TestBrowser['visit']>[1] = {},
  ): Promise<Visit & { address: string }> {
    const exhibit = new Exhibit(snapshotOf([service('echo')]), { durable: work, ...(token && { token }) });
    exhibits.push(exhibit);
    const address = await exhibit.listen();
    const visited = await browser.visit(`${address}/durable`, options);
    if (token) {
      await visited.page.getByLabel('Token').fill(token);
      await visited.page.keyboard.press('Enter');
    }
    await visited.page.getByText('live', { exact: true }).waitFor();
    return { ...visited, address };
  }

  const tab = (page: Page, name: string) => page.getByRole('tab', { name: new RegExp(`^${name}`) });

  test('shows what is due, running, retrying, dead and scheduled, asks nobody else, and breaks no rule', async () => {
    const work = some();
    const { page, complaints, asked, address } = await visit(work);
    expect(await idsOf(page)).toEqual(work.requests.slice(0, 2).map(({ id }) => id));
    for (const [name, id] of [
      ['Running', 2],
      ['Retrying', 3],
      ['Scheduled', 4],
    ] as const) {
      await tab(page, name).click();
      await page.getByRole('button', { name: work.requests[id]!.id }).waitFor();
      await rows(page, 1);
      expect(await tab(page, name).locator('.value').innerText()).toBe('1');
    }
    await tab(page, 'Dead').click();
    await rows(page, 2);
    expect(await page.locator('#requests tbody .c-error').first().innerText()).toBe(
      'BOUNCED: no such address',
    );
    await tab(page, 'All').click();
    await rows(page, 7);
    expect(complaints).toEqual([]);
    expect(asked.filter((url) => !url.startsWith(address) && !url.startsWith('data:'))).toEqual([]);
  });

  test('what happens is shown without being asked for, and Pause holds it', async () => {
    const work = some();
    const { page } = await visit(work);
    await rows(page, 2);
    work.set(work.requests[0]!.id, { state: 'running' });
    await page.clock.runFor(2_000);
    await rows(page, 1);
    await page.getByRole('button', { name: 'Pause' }).click();
    const { asked } = work;
    work.set(work.requests[1]!.id, { state: 'running' });
    await page.clock.runFor(60_000);
    expect(work.asked).toBeLessThanOrEqual(asked + 2);
    expect(await idsOf(page)).toHaveLength(1);
    await page.getByRole('button', { name: 'Go on' }).click();
    await page.getByText('Nothing is due that has not been claimed.').waitFor();
  });

  test('is searched by the beginning of an id, part of a name, and service', async () => {
    const work = some();
    const { page } = await visit(work);
    await page.keyboard.press('/');
    await page.keyboard.type('ABCD1');
    await rows(page, 1);
    expect(work.queries.at(-1)).toEqual({ state: 'due', idPrefix: 'abcd1', limit: 50 });
    await page.keyboard.press('Escape');
    await rows(page, 2);
    await page.keyboard.type('sm');
    await rows(page, 1);
    expect(work.queries.at(-1)).toEqual({ state: 'due', search: 'sm', limit: 50 });
    await page.keyboard.press('Escape');
    await tab(page, 'Dead').click();
    await page.getByRole('combobox', { name: 'Service' }).selectOption('sms');
    await rows(page, 1);
    expect(await tab(page, 'Dead').locator('.value').innerText()).toBe('1');
    await page.getByRole('searchbox', { name: /^Search/ }).fill('nothing of that name');
    await page.getByText('Nothing here fits.').waitFor();
  });

  test('of ten million it asks for one page at a time', async () => {
    const work = new DurableDouble(Array.from({ length: 120 }, (_, n) => durable(String(n))));
    work.extra = { waiting: 10_000_000 };
    const { page } = await visit(work);
    await rows(page, 50);
    expect(await tab(page, 'Scheduled').locator('.value').innerText()).toBe('10,000,000');
    const first = await idsOf(page);
    await page.getByRole('button', { name: 'Next page' }).click();
    await page.getByText('Page 2 · 50 shown · there are more').waitFor();
    expect((await idsOf(page)).filter((id) => first.includes(id))).toEqual([]);
    await page.getByRole('button', { name: 'Next page' }).click();
    await rows(page, 20);
    expect(await page.getByRole('button', { name: 'Next page' }).isDisabled()).toBe(true);
    await page.getByRole('button', { name: 'First page' }).click();
    await rows(page, 50);
    expect(await idsOf(page)).toEqual(first);
    expect(work.queries.every(({ limit }) => limit <= 50)).toBe(true);
  });

  test('a search that finds nothing for long says so, and does not go on by itself', async () => {
    const work = some();
    let looks = 0;
    work.list = async () => ({ requests: [], next: String(++looks) });
    const { page } = await visit(work);
    await page.getByText('not all was looked through: the next page goes on').waitFor();
    expect(looks).toBe(10);
    const { asked } = work;
    await page.clock.runFor(5_000);
    await eventually(() => work.asked > asked, { what: 'another look' });
    expect(looks).toBe(10);
    await page.getByRole('button', { name: 'Next page' }).click();
    await page.getByText('Page 2').waitFor();
    expect(looks).toBe(20);
  });

  describe('actions', () => {
    test('without a token there are none, and it is said why', async () => {
      const work = some();
      const { page } = await visit(work);
      await page.getByRole('button', { name: work.requests[0]!.id }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByText('Cancel, reschedule, retry and purge need a token').waitFor();
      expect(await dialog.getByRole('button').allTextContents()).toEqual(['Close']);
      await page.keyboard.press('Escape');
      await tab(page, 'Dead').click();
      await page.locator('#bulk-note', { hasText: 'need a token' }).waitFor();
      expect(await page.locator('#bulk button:visible').count()).toBe(0);
    });

    test('a request that waits is rescheduled, and cancelled when it is said twice', async () => {
      const work = some();
      const [{ id } = { id: '' }] = work.requests;
      const { page, complaints } = await visit(work, { token: TOKEN });
      await page.getByRole('button', { name: id }).click();
      const dialog = page.getByRole('dialog', { name: 'Request for mail' });
      await dialog.getByLabel('Due at').fill('2031-05-06T07:08:09');
      await dialog.getByRole('button', { name: 'Reschedule' }).click();
      await dialog.getByText('It is rescheduled.').waitFor();
      const at = await page.evaluate(() => new Date('2031-05-06T07:08:09').getTime());
      expect(work.acted).toEqual([{ action: 'reschedule', id, at }]);
      await dialog.locator('.pill', { hasText: 'scheduled' }).waitFor();
      await dialog.getByRole('button', { name: 'Cancel request' }).click();
      expect(work.acted).toHaveLength(1);
      await dialog.getByRole('button', { name: 'Really cancel?' }).click();
      await dialog.getByText('It is cancelled.').waitFor();
      expect(work.acted[1]).toEqual({ action: 'cancel', id });
      expect(await dialog.getByRole('button').allTextContents()).toEqual(['Close']);
      await dialog.getByRole('button', { name: 'Close' }).click();
      await rows(page, 1);
      expect(complaints.filter((text) => !text.includes('401'))).toEqual([]);
    });

    test('a dead letter is shown with its error, tried again or purged', async () => {
      const work = some();
      const [one, other] = work.requests.filter(({ state }) => state === 'dead');
      const { page } = await visit(work, { token: TOKEN });
      await tab(page, 'Dead').click();
      await page.getByRole('button', { name: one!.id }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Last error').getByText('BOUNCED: no such address').waitFor();
      await dialog.getByRole('button', { name: 'Retry' }).click();
      await dialog.getByText('It is to be tried again.').waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: other!.id }).click();
      await dialog.getByRole('button', { name: 'Purge' }).click();
      await dialog.getByRole('button', { name: 'Purge for good?' }).click();
      await dialog.getByText('It is gone for good.').waitFor();
      await page.keyboard.press('Escape');
      await page.getByText('There are no dead letters.').waitFor();
      expect(work.acted.map(({ action }) => action)).toEqual(['retry', 'purge']);
    });

    test('what came too late is said in words', async () => {
      const work = some();
      const [{ id } = { id: '' }] = work.requests;
      const { page } = await visit(work, { token: TOKEN });
      await page.getByRole('button', { name: id }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByRole('button', { name: 'Cancel request' }).waitFor();
      work.set(id, { state: 'running' });
      await dialog.getByRole('button', { name: 'Reschedule' }).click();
      await dialog.getByText(`REQUEST_TAKEN: Request ${id} is running.`).waitFor();
    });

    test('all dead letters of a service are tried again at once', async () => {
      const work = some();
      const { page } = await visit(work, { token: TOKEN });
      await tab(page, 'Dead').click();
      await page.getByRole('combobox', { name: 'Service' }).selectOption('sms');
      await page.getByRole('button', { name: 'Retry all 1' }).click();
      await page.getByRole('button', { name: 'Really retry them?' }).click();
      await page.getByText('There are no dead letters.').or(page.getByText('Nothing here fits.')).waitFor();
      expect(work.acted).toEqual([{ action: 'retry', service: 'sms' }]);
    });
  });

  test('a titanic that does not answer is said to, and is there again when it is back', async () => {
    const work = some();
    const { page } = await visit(work);
    await rows(page, 2);
    work.failure = new NoWorkerError('Nobody serves titanic.stats.');
    await page.clock.runFor(2_000);
    await page.getByText('no answer from titanic', { exact: true }).waitFor();
    await page.locator('#reasons', { hasText: 'NO_WORKER: Nobody serves titanic.stats.' }).waitFor();
    expect(await idsOf(page)).toHaveLength(2);
    work.failure = undefined;
    await page.clock.runFor(2_000);
    await page.getByText('live', { exact: true }).waitFor();
  });

  test('names and errors are shown as text, whatever they are', async () => {
    const nasty = '<img src=x onerror=alert(1)>';
    const work = new DurableDouble([
      durable('1', { service: nasty, error: { code: 'FAILED', message: nasty }, key: nasty }),
    ]);
    const { page, complaints } = await visit(work);
    await page.getByRole('button', { name: work.requests[0]!.id }).click();
    await page.getByRole('dialog', { name: `Request for ${nasty}` }).waitFor();
    expect([await page.locator('img').count(), complaints]).toEqual([0, []]);
  });

  test('the wrong token is said to be wrong; the right one is kept for the tab, on both pages', async () => {
    const { page, address } = await visit(some(), { token: TOKEN });
    await page.getByRole('link', { name: 'Broker' }).click();
    await page.getByText('ready', { exact: true }).waitFor();
    await page.getByRole('link', { name: 'Durable work' }).click();
    await page.getByText('live', { exact: true }).waitFor();
    const fresh = await browser.visit(`${address}/durable`);
    await fresh.page.getByLabel('Token').fill('wrong-token-of-somebody');
    await fresh.page.keyboard.press('Enter');
    await fresh.page.getByText('wrong token', { exact: true }).waitFor();
  });

  describe('for everybody', () => {
    test.each(['light', 'dark'] as const)(
      'in %s, every text stands out from what is behind it',
      async (colorScheme) => {
        const work = some();
        const { page } = await visit(work, { token: TOKEN, colorScheme });
        await tab(page, 'All').click();
        await rows(page, 7);
        expect(await faintTexts(page)).toEqual([]);
        await tab(page, 'Dead').click();
        await rows(page, 2);
        await page.getByRole('button', { name: 'Purge all' }).click();
        expect(await faintTexts(page)).toEqual([]);
        await page.locator('#requests tbody button').first().click();
        await page.getByRole('dialog').waitFor();
        expect(await faintTexts(page)).toEqual([]);
      },
    );

    test.each(WIDTHS)('%i pixels wide, no number, state or title is cut off', async (width) => {
      const work = new DurableDouble([
        durable('1', {
          state: 'cancelled',
          endedAt: Date.now() - 29_000,
          attempts: 10,
          priority: 9,
          bytes: 999 * 1_024,
        }),
      ]);
      const { page } = await visit(work, { viewport: { width, height: 800 } });
      await tab(page, 'All').click();
      await rows(page, 1);
      expect(
        await cutTexts(page, 'thead th, #requests td:not(.c-target, .c-error), .pill, [role=tab] .value'),
      ).toEqual([]);
    });

    test('on a phone nothing is wider than the screen, and what matters is there', async () => {
      const work = new DurableDouble([
        durable('1', { service: 'a-service-with-a-rather-long-name.of.somebody' }),
        dead(2, { service: 'a-service-with-a-rather-long-name.of.somebody' }),
      ]);
      const { page } = await visit(work, { token: TOKEN, ...PHONE });
      await tab(page, 'Dead').click();
      await rows(page, 1);
      const isWide = (): Promise<boolean> =>
        page.evaluate(() => {
          const table = document.querySelector('#requests')?.parentElement;
          const page = document.documentElement;
          return [table, page].some((each) => (each?.scrollWidth ?? 0) > (each?.clientWidth ?? 0));
        });
      expect(await isWide()).toBe(false);
      for (const column of ['id', 'target', 'when', 'error'])
        expect(await page.locator(`#requests tbody .c-${column}`).isVisible()).toBe(true);
      await page.locator('#requests tbody button').click();
      await page.getByRole('dialog').getByRole('button', { name: 'Purge' }).waitFor();
      expect(await page.locator('#details').evaluate((each) => each.scrollWidth <= each.clientWidth)).toBe(
        true,
      );
    });

    test('tabs are moved along by arrows, the focus shows, and the dialog keeps and gives it back', async () => {
      const work = some();
      const { page } = await visit(work);
      const focused = (): Promise<string> =>
        page.evaluate(() => {
          const element = document.activeElement as HTMLElement;
          const shows = getComputedStyle(element).outlineStyle !== 'none';
          return `${element.id || element.textContent?.trim()}${shows ? '' : ' unseen'}`;
        });
      const stops: string[] = [];
      for (let n = 0; n < 7; n++) {
        await page.keyboard.press('Tab');
        stops.push(await focused());
      }
      expect(stops).toEqual([
        'Skip to the requests',
        'Broker',
        'Durable work',
        'pause',
        'tab-due',
        'service',
        'search',
      ]);
      await page.locator('#tab-due').focus();
      await page.keyboard.press('ArrowLeft');
      expect(await focused()).toBe('tab-all');
      await page.keyboard.press('Home');
      await page.keyboard.press('ArrowRight');
      expect(await focused()).toBe('tab-running');
      await rows(page, 1);
      await page.locator('#requests tbody button').focus();
      await page.keyboard.press('Enter');
      await page.getByRole('dialog').waitFor();
      await page.keyboard.press('Escape');
      expect(await focused()).toBe(work.requests[2]!.id);
    });

    test('screen readers find tabs, a table with headers and a dialog with a name, and are told of little', async () => {
      const work = some();
      const { page } = await visit(work);
      await page.getByRole('tablist', { name: 'Requests by state' }).waitFor();
      expect(await page.getByRole('tab', { selected: true }).count()).toBe(1);
      await page.getByRole('tabpanel', { name: 'Due requests' }).waitFor();
      await page.getByRole('table', { name: /Requests with their service/ }).waitFor();
      await page.getByRole('columnheader', { name: 'Last error' }).waitFor();
      await page.getByRole('rowheader', { name: work.requests[0]!.id }).waitFor();
      expect(await page.locator('[aria-live]').count()).toBe(1);
      expect(await page.locator('#announce').innerText()).toBe('live.');
    });
  });
});
