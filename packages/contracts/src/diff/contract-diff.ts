import { isContract } from '../contract';
import { contractSnapshot, readSnapshot, type ContractSnapshot } from '../snapshot';
import type { ContractShape, JsonSchema } from '../types';
import { misfits } from './fit';

/** Why a change is not compatible. */
export interface ContractReason {
  /** Where: `name`, or a path that begins with `request`, `reply`, `progress` or `errors.CODE`. */
  readonly path: string;
  readonly message: string;
}

/** What a change means for those who have not made it. */
export interface ContractVerdict {
  readonly compatible: boolean;
  /** Empty where it is compatible. */
  readonly reasons: readonly ContractReason[];
}

/** What a change of a contract means for those who know it as it was. */
export interface ContractDiff {
  /** The service, by its old name. */
  readonly name: string;
  /** True where both sides may change in any order. */
  readonly compatible: boolean;
  /** Old clients, new workers: may workers change first? */
  readonly oldClients: ContractVerdict;
  /** New clients, old workers: may clients change first? */
  readonly oldWorkers: ContractVerdict;
}

/**
 * Says whether a contract may change as it did while peers of before are about. What one side writes has to be taken by
 * the other: requests of old clients by new workers, replies of new workers by old clients, and the other way round.
 * What is not compared, because JSON Schema cannot say it, is what code checks: refinements, transformations, coercions.
 * @param before - a contract, or its snapshot
 * @param after - what it has become
 * @throws InvalidOptionsError where one of them is no contract, no snapshot, or has no JSON Schema
 */
export function contractDiff(
  before: ContractShape | ContractSnapshot,
  after: ContractShape | ContractSnapshot,
): ContractDiff {
  const [old, now] = [snapshotOf(before), snapshotOf(after)];
  const oldClients = verdict(renamed(old, now), passes(old, now));
  const oldWorkers = verdict(renamed(old, now), passes(now, old));
  const compatible = oldClients.compatible && oldWorkers.compatible;
  return { name: old.name, compatible, oldClients, oldWorkers };
}

function snapshotOf(contract: ContractShape | ContractSnapshot): ContractSnapshot {
  return isContract(contract) ? contractSnapshot(contract) : readSnapshot(contract);
}

function verdict(...reasons: readonly (readonly ContractReason[])[]): ContractVerdict {
  const all = reasons.flat();
  return { compatible: all.length === 0, reasons: all };
}

function renamed(old: ContractSnapshot, now: ContractSnapshot): readonly ContractReason[] {
  if (old.name === now.name) return [];
  return [{ path: 'name', message: `is ${now.name} now: who asks for the one is not heard by the other` }];
}

/** What clients that know one and workers that know the other do not understand of each other. */
function passes(client: ContractSnapshot, worker: ContractSnapshot): readonly ContractReason[] {
  const codes = Object.keys(worker.errors).filter((code) => Object.hasOwn(client.errors, code));
  return [
    ...among('request', client.request, worker.request),
    ...among('reply', worker.reply, client.reply),
    // Progress that only one of the two knows of is left out.
    ...(worker.progress && client.progress ? among('progress', worker.progress, client.progress) : []),
    // A code that a client does not know, it has as any failure of a worker.
    ...codes.flatMap((code) => among(`errors.${code}`, worker.errors[code]!, client.errors[code]!)),
  ];
}

function among(part: string, sent: JsonSchema, taken: JsonSchema): readonly ContractReason[] {
  return misfits(sent, taken).map(({ path, message }) => ({
    path: path === '' || path.startsWith('[') || path.startsWith('.') ? `${part}${path}` : `${part}.${path}`,
    message,
  }));
}
