import {
  ERROR_CODES,
  isMajordomoError,
  MajordomoError,
  ServiceError,
  type ErrorCode,
} from '@majordomo/protocol';
import { serviceFailure } from '../failures';

type Primitive = string | number | boolean | bigint | null | undefined;

/** Something that was thrown, as plain data: an error with the fields of its own that are plain, or any other value. */
export type Fault =
  | {
      readonly kind: 'error';
      readonly name: string;
      readonly message: string;
      readonly stack: string | undefined;
      /** True for an error of ours. */
      readonly ours: boolean;
      readonly fields: Readonly<Record<string, Primitive>>;
      readonly cause: Fault | undefined;
    }
  | { readonly kind: 'value'; readonly value: unknown };

/** How many causes behind each other are passed on. */
const CAUSES_MAX = 4;

/** Puts what was thrown into plain data; never throws itself. */
export function toFault(thrown: unknown, causes = CAUSES_MAX): Fault {
  try {
    return thrown instanceof Error
      ? ofError(thrown, causes)
      : { kind: 'value', value: structuredClone(thrown) };
  } catch {
    return { kind: 'value', value: 'something that cannot be passed between threads was thrown' };
  }
}

function ofError(error: Error, causes: number): Fault {
  const fields = Object.fromEntries(
    Object.entries(error).filter((entry): entry is [string, Primitive] => isPrimitive(entry[1])),
  );
  const passesCause = error.cause !== undefined && causes > 0;
  return {
    kind: 'error',
    name: String(error.name),
    message: String(error.message),
    stack: error.stack === undefined ? undefined : String(error.stack),
    ours: isMajordomoError(error),
    fields,
    cause: passesCause ? toFault(error.cause, causes - 1) : undefined,
  };
}

function isPrimitive(value: unknown): value is Primitive {
  return value === null || !['object', 'function', 'symbol'].includes(typeof value);
}

/** What was thrown, made anew: a ServiceError as such, our errors with their codes, others with their names. */
export function fromFault(fault: Fault): unknown {
  if (fault.kind === 'value') return fault.value;
  const { name, message, stack, fields } = fault;
  const cause = fault.cause && fromFault(fault.cause);
  const error = make(fault, cause);
  for (const [key, value] of Object.entries({ ...fields, name, message, stack })) {
    Object.defineProperty(error, key, {
      value,
      writable: true,
      configurable: true,
      enumerable: key in fields,
    });
  }
  return error;
}

function make({ name, message, ours, fields }: Fault & { kind: 'error' }, cause: unknown): Error {
  const { code, retryable } = fields;
  const service = serviceFailure({ name, message, code, retryable });
  if (service) return new ServiceError(service.code, message, { retryable: service.retryable, cause });
  if (ours && isErrorCode(code))
    return new MajordomoError(code, message, { retryable: retryable === true, cause });
  return new Error(message, cause === undefined ? undefined : { cause });
}

function isErrorCode(code: Primitive): code is ErrorCode {
  return (ERROR_CODES as readonly Primitive[]).includes(code);
}
