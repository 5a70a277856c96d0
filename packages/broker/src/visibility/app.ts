import { Hono, type Context, type MiddlewareHandler } from 'hono';
import { secureHeaders } from 'hono/secure-headers';
import { streamSSE } from 'hono/streaming';
import { isMeant, type Access } from './access';
import { ACTIONS_PATH, durableRoutes } from './durable/routes';
import type { DurableDesk } from './durable/desk';
import type { Live } from './live';
import type { Page } from './page';
import type { Readiness } from './readiness';
import type { Snapshot } from './snapshot';

/** What there is to show. */
export interface Shown {
  /** All metrics in the text format of Prometheus. */
  metrics(): Promise<{ readonly type: string; readonly text: string }>;
  readiness(): Readiness;
  /** @param whole - with the rates of the last minute */
  snapshot(whole: boolean): Snapshot;
}

/** What there is to show of durable work. */
export interface ShownDurable {
  readonly desk: DurableDesk;
  readonly page: Page;
}

/** Who may see it. */
export interface Guard {
  /** The host that is listened on. */
  readonly host: string;
  readonly access: Access;
}

/**
 * The routes of a broker, for reading: `/healthz`, `/readyz` for everybody; `/metrics`, `/snapshot`, `/events` and the
 * page at `/` for who says the token, where there is one. The page without the token is the same page, which then asks
 * for it: it holds nothing of the broker. With durable work there is a page at `/durable`, and `/durable/…`, where the
 * one thing is that can be written to.
 */
export function visibilityApp(
  shown: Shown,
  live: Live,
  page: Page,
  { host, access }: Guard,
  durable?: ShownDurable,
): Hono {
  const app = new Hono();
  const allowed = (c: Context): boolean => access.allows(c.req.header('authorization'));
  const guarded: MiddlewareHandler = async (c, next) => {
    if (allowed(c)) return next();
    return c.text('This needs the token of the broker: Authorization: Bearer TOKEN.\n', 401, {
      'WWW-Authenticate': 'Bearer realm="majordomo"',
    });
  };

  app.use(headersFor(page, (path) => path !== '/durable'));
  if (durable) app.use(headersFor(durable.page, (path) => path === '/durable'));
  app.use(async (c, next) => {
    c.header('Cache-Control', 'no-store');
    if (!isMeant(host, c.req.header('host')))
      return c.text('This broker listens on loopback, and answers to loopback names only.\n', 403);
    if (c.req.method === 'GET' || c.req.method === 'HEAD') return next();
    if (durable && c.req.method === 'POST' && c.req.path === ACTIONS_PATH) return next();
    return c.text('Nothing can be changed here.\n', 405, { Allow: 'GET, HEAD' });
  });
  app.get('/healthz', (c) => c.json({ alive: true }));
  app.get('/readyz', (c) => {
    const readiness = shown.readiness();
    return c.json(readiness, readiness.ready ? 200 : 503);
  });
  app.get('/metrics', guarded, async (c) => {
    const { type, text } = await shown.metrics();
    return c.body(text, 200, { 'Content-Type': type });
  });
  app.get('/snapshot', guarded, (c) => c.json(shown.snapshot(c.req.query('history') !== 'no')));
  app.get('/events', guarded, (c) => watch(c, shown, live));
  app.get('/', (c) => c.html(page.html, allowed(c) ? 200 : 401));
  if (durable) {
    app.get('/durable', (c) => c.html(durable.page.html, allowed(c) ? 200 : 401));
    app.route('/', durableRoutes(durable.desk, access, guarded));
  }
  const others = durable ? '/durable, ' : '';
  app.notFound((c) =>
    c.text(`There is /, ${others}/metrics, /snapshot, /events, /healthz and /readyz.\n`, 404),
  );
  return app;
}

/** The headers of a page, and of all that goes with it. */
function headersFor({ scriptHash, styleHash }: Page, isOf: (path: string) => boolean): MiddlewareHandler {
  const headers = secureHeaders({
    contentSecurityPolicy: {
      defaultSrc: ["'none'"],
      scriptSrc: [`'${scriptHash}'`],
      styleSrc: [`'${styleHash}'`],
      connectSrc: ["'self'"],
      imgSrc: ['data:'],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
      requireTrustedTypesFor: ["'script'"],
    },
    // The broker speaks plain HTTP: whoever puts TLS in front of it says this there.
    strictTransportSecurity: false,
    xFrameOptions: 'DENY',
  });
  return (c, next) => (isOf(c.req.path) ? headers(c, next) : next());
}

/** Server-sent events: one `snapshot` at once and one a second, the same for all who watch. */
function watch(c: Context, shown: Shown, live: Live): Response {
  if (live.full) return c.text('Too many watch already.\n', 503, { 'Retry-After': '10' });
  // A stream that nobody reads would never end.
  if (c.req.method === 'HEAD') return c.body(null, 200, { 'Content-Type': 'text/event-stream' });
  return streamSSE(c, async (stream) => {
    let leave = (): void => undefined;
    const send = (data: string): Promise<void> => stream.writeSSE({ event: 'snapshot', data });
    await new Promise<void>((end) => {
      stream.onAbort(end);
      leave = live.add(send, JSON.stringify(shown.snapshot(true)), end);
    });
    leave();
  });
}
