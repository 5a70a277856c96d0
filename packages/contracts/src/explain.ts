import {
  ContractError,
  CONTRACT_MISMATCH,
  isMajordomoError,
  WorkerFailedError,
  type ContractIssue,
  type ContractPart,
  type Frame,
} from '@majordomo/protocol';
import { CallError } from './errors';
import type { ContractShape } from './types';
import { check } from './wire/check';
import { readFailure, splitFailureText, type Failure } from './wire/failure';
import { refusal } from './wire/message';
import { Unfit } from './wire/unfit';

type Contract = Pick<ContractShape, 'name' | 'errors'>;

/** What a request failed with, in the terms of its contract; the error itself where that has none for it. */
export async function explained(contract: Contract, error: unknown): Promise<unknown> {
  if (!isMajordomoError(error, 'WORKER_FAILED')) return error;
  const { workerCode: code, message: text, retryable } = error as WorkerFailedError;
  if (code !== CONTRACT_MISMATCH && !Object.hasOwn(contract.errors, code)) return error;
  return understood(contract, () => ({ code, retryable, ...splitFailureText(text) }), error);
}

/** The failure that a reply ends in, as an error. */
export async function toldInReply(contract: Contract, frame: Frame): Promise<unknown> {
  return understood(contract, () => readFailure(frame), undefined);
}

/** @param cause - the failure before it was understood */
async function understood(contract: Contract, read: () => Failure, cause: unknown): Promise<unknown> {
  try {
    return await errorOf(contract, read(), cause);
  } catch (error) {
    const about = { service: contract.name, side: 'client', part: 'error' } as const;
    return error instanceof Unfit ? refusal(about, error, cause) : error;
  }
}

/** @throws Unfit where the details are not what the contract has for the code */
async function errorOf({ name, errors }: Contract, failure: Failure, cause: unknown): Promise<unknown> {
  const { code, message, retryable, details } = failure;
  if (code === CONTRACT_MISMATCH) return mismatch(name, failure);
  const schema = Object.hasOwn(errors, code) ? errors[code] : undefined;
  if (!schema) return new WorkerFailedError(code, message || `${name} failed with ${code}.`, { retryable });
  return new CallError(name, code, await check(schema, details), message, { retryable, cause });
}

/** What the worker found not to fit. */
function mismatch(service: string, { message, details }: Failure): ContractError {
  const { part, issues } = (details ?? {}) as Partial<Record<string, unknown>>;
  return new ContractError({
    service,
    side: 'worker',
    part: PARTS.find((each) => each === part) ?? 'request',
    issues: toldIssues(issues) ?? [{ path: '', message: message || 'the worker did not say what' }],
  });
}

const PARTS: readonly ContractPart[] = ['request', 'reply', 'progress', 'error'];

/** The issues that a worker told; `undefined` where they are none. */
function toldIssues(told: unknown): readonly ContractIssue[] | undefined {
  if (!Array.isArray(told) || told.length === 0 || !told.every(isIssue)) return undefined;
  return new Unfit(told).issues;
}

function isIssue(value: unknown): value is ContractIssue {
  if (typeof value !== 'object' || value === null) return false;
  const { path, message } = value as Partial<ContractIssue>;
  return typeof path === 'string' && typeof message === 'string';
}
