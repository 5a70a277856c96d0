import {
  ERROR_CODES,
  InvalidOptionsError,
  MajordomoError,
  RequestTakenError,
  RequestUnknownError,
  StoreFullError,
  StoreUnavailableError,
  type Body,
  type ErrorCode,
} from '@majordomo/protocol';
import { faultSchema } from '../service/messages';

type Errors = Readonly<Record<string, new (message: string) => MajordomoError>>;
const ERRORS: Errors = {
  INVALID_OPTIONS: InvalidOptionsError,
  REQUEST_TAKEN: RequestTakenError,
  REQUEST_UNKNOWN: RequestUnknownError,
  STORE_FULL: StoreFullError,
  STORE_UNAVAILABLE: StoreUnavailableError,
};

/** The error that the answer of a titanic speaks of. */
export function faultOf(reply: Body): MajordomoError {
  const fault = reply.length > 1 ? faultSchema.safeParse(reply.json(1)) : undefined;
  if (!fault?.success) return new MajordomoError('FAILED', `titanic answered ${reply.text(0)}.`);
  const { code, message, retryable } = fault.data;
  const known = ERRORS[code];
  if (known) return new known(message);
  const isKnown = (ERROR_CODES as readonly string[]).includes(code);
  return new MajordomoError(isKnown ? (code as ErrorCode) : 'FAILED', message, { retryable });
}
