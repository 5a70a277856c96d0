import {
  InvalidBodyError,
  isMajordomoError,
  serviceNameSchema,
  type Body,
  type BodyInput,
  type Logger,
} from '@majordomo/protocol';
import { unpackFrames } from '../core/frames';
import { parseRequestId } from '../core/request-id';
import type { RequestStore } from '../store/store';
import type { Intake } from './intake';
import { STATUS, submissionSchema, traceparentSchema, type TSP_SERVICES } from './messages';

/** What a packed client says of its request, and is said to the worker in turn. */
export interface Said {
  readonly contentType: string | undefined;
  readonly traceparent: string | undefined;
  readonly priority: number;
}

/** Answers a request to a service: the frames of its reply. */
export type Answer = (body: Body, said: Said) => Promise<BodyInput>;

/** Errors that lie with the request: the client should not send it again as it is. */
const CLIENT_FAULTS = new Set(['INVALID_BODY', 'INVALID_OPTIONS', 'INVALID_SERVICE', 'MESSAGE_TOO_LARGE']);

/** The three services of RFC 9. A reply is a status frame and what belongs to it; there is always a reply. */
export function tspServices(
  store: RequestStore,
  intake: Intake,
  logger: Logger,
): Readonly<Record<(typeof TSP_SERVICES)[number], Answer>> {
  /** "titanic.request": service and body; 200 and the UUID once the request is on disk. */
  const request: Answer = async (body, { contentType, traceparent, priority }) => {
    const [service, ...frames] = body;
    const name = serviceNameSchema.safeParse(service ? body.text(0) : '');
    const trace = traceparentSchema.safeParse(traceparent).data;
    const fields = submissionSchema.safeParse({
      service: name.data,
      priority,
      contentType,
      traceparent: trace,
    });
    if (!fields.success) throw new InvalidBodyError('The first frame is no service that can be asked.');
    const [submitted] = await store.submit([intake.toRequest(fields.data, frames, store.now())]);
    return [STATUS.ok, submitted!.id];
  };

  /** "titanic.reply": UUID; 200 and the reply, as often as it is asked for. */
  const reply: Answer = async (body) => {
    const id = idOf(body);
    if (id === undefined) return STATUS.unknown;
    const [found] = await store.read([id], ['reply']);
    switch (found?.state) {
      case 'waiting':
      case 'running':
        return STATUS.pending;
      case 'done':
        return [STATUS.ok, ...(found.reply ? unpackFrames(found.reply) : [])];
      case 'dead':
        return `${STATUS.error} it failed for good`;
      case 'expired':
      case 'cancelled':
        return `${STATUS.unknown} it was ${found.state}`;
      case undefined:
        return STATUS.unknown;
    }
  };

  /** "titanic.close": UUID; 200 even where it is unknown. */
  const close: Answer = async (body) => {
    const id = idOf(body);
    if (id === undefined) return STATUS.unknown;
    await store.remove([id]);
    return STATUS.ok;
  };

  const always =
    (service: (typeof TSP_SERVICES)[number], answer: Answer): Answer =>
    async (body, said) => {
      try {
        return await answer(body, said);
      } catch (error) {
        if (isMajordomoError(error) && CLIENT_FAULTS.has(error.code))
          return `${STATUS.unknown} ${error.message}`;
        logger.error(
          {
            event: 'answerFailed',
            service,
            id: service === 'titanic.request' ? undefined : idOf(body),
            err: error,
          },
          'a request could not be answered',
        );
        return `${STATUS.error} the store cannot do this now`;
      }
    };

  return {
    'titanic.request': always('titanic.request', request),
    'titanic.reply': always('titanic.reply', reply),
    'titanic.close': always('titanic.close', close),
  };
}

/** The UUID that is all of a request; `undefined` for anything but 32 hex characters. */
function idOf(body: Body): string | undefined {
  return body.length === 1 && body.bytes(0).length === 32 ? parseRequestId(body.text(0)) : undefined;
}
