import { isMajordomoError, parseOptions } from '@majordomo/protocol';
import { Hono, type Context, type MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { Access } from '../access';
import type { DurableDesk } from './desk';
import { actionSchema, idSchema, querySchema } from './messages';

/** Bytes of an action. */
const ACTION_BYTES_MAX = 16 * 1_024;

/** Where actions are sent to: all else is for reading. */
export const ACTIONS_PATH = '/durable/actions';

type Status = 400 | 404 | 409 | 502 | 503;

const STATUS: Readonly<Record<string, Status>> = {
  INVALID_OPTIONS: 400,
  INVALID_BODY: 400,
  REQUEST_UNKNOWN: 404,
  REQUEST_TAKEN: 409,
  NO_WORKER: 503,
  TIMEOUT: 503,
  EXPIRED: 503,
  QUEUE_FULL: 503,
  CLOSED: 503,
  CONNECTION_LOST: 503,
  STORE_UNAVAILABLE: 503,
  STORE_FULL: 503,
};

/**
 * The routes of durable work: `/durable/stats`, `/durable/requests?…`, `/durable/requests/ID` for whoever may look, and
 * `POST /durable/actions` for whoever says the token. Where the broker has none, nothing can be done to durable work.
 * @param guarded - lets through who may look
 */
export function durableRoutes(desk: DurableDesk, access: Access, guarded: MiddlewareHandler): Hono {
  const app = new Hono();
  app.get('/durable/stats', guarded, (c) =>
    answer(c, async () => ({ at: Date.now(), actions: access.hasToken, ...(await desk.stats()) })),
  );
  app.get('/durable/requests', guarded, (c) =>
    answer(c, () => desk.list(parseOptions(querySchema, c.req.query(), 'query’s'))),
  );
  app.get('/durable/requests/:id', guarded, (c) =>
    answer(c, () => desk.get(parseOptions(idSchema, c.req.param(), 'address’s').id)),
  );
  app.post(ACTIONS_PATH, proven(access), bodyLimit({ maxSize: ACTION_BYTES_MAX }), (c) =>
    answer(c, async () => {
      const said: unknown = await c.req.json().catch(() => undefined);
      return { count: await desk.act(parseOptions(actionSchema, said, 'action’s')) };
    }),
  );
  return app;
}

/** Lets through who says the token; where there is none, nobody. */
function proven(access: Access): MiddlewareHandler {
  return async (c, next) => {
    if (!access.hasToken) {
      const message = 'Actions need a token: start the broker with one (httpToken, --http-token-file).';
      return c.json({ code: 'UNAUTHORIZED', message }, 403);
    }
    if (access.allows(c.req.header('authorization'))) return next();
    return c.json({ code: 'UNAUTHORIZED', message: 'Actions need the token of the broker.' }, 401, {
      'WWW-Authenticate': 'Bearer realm="majordomo"',
    });
  };
}

/** What was asked for as JSON, or why there is none. */
async function answer(c: Context, work: () => Promise<object>): Promise<Response> {
  try {
    return c.json(await work());
  } catch (error) {
    if (!isMajordomoError(error)) return c.json({ code: 'FAILED', message: String(error) }, 502);
    const { code, message } = error;
    return c.json({ code, message }, STATUS[code] ?? 502);
  }
}
