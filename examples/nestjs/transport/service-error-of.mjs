import { ServiceError } from '@majordomo/worker';

const CODE = /^[A-Z][A-Z0-9_]{0,63}$/;

/**
 * What Nest makes of an exception, as the bus says it. Nest's filters have the payload of an `RpcException` come out as
 * it is, and put anything else, so that it does not leave the process, as `{ status: 'error', message }`.
 * @param {unknown} error
 */
export function serviceErrorOf(error) {
  if (error instanceof ServiceError) return error;
  if (typeof error !== 'object' || error === null) return new ServiceError('RPC_ERROR', String(error));
  const { code, message, retryable } =
    /** @type {{ code?: unknown, message?: unknown, retryable?: unknown }} */ (error);
  const known = typeof code === 'string' && CODE.test(code) ? code : 'INTERNAL_ERROR';
  return new ServiceError(known, String(message ?? 'no message'), {
    retryable: retryable === true,
    cause: error,
  });
}
