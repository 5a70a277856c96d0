export { ContractError, type ContractIssue, type ContractPart } from '@majordomo/protocol';
export { isContract, type Contract, type ServiceDefinition } from './contract';
export { defineService } from './define';
export { CallError, type DeclaredError } from './errors';
export { implement, type ImplementOptions } from './implement';
export type { CallContext, ContractHandler, ServedContext, ServedHandler, ServedRequest } from './served';
export type {
  AnySchema,
  CallErrorOf,
  ContractShape,
  ErrorSchemas,
  JsonSchema,
  NoErrors,
  NoProgress,
} from './types';
export type { Encoding } from './wire/encoding';
export {
  contractDiff,
  type ContractDiff,
  type ContractReason,
  type ContractVerdict,
} from './diff/contract-diff';
export { contractSnapshot, readSnapshot, type ContractSnapshot } from './snapshot';
