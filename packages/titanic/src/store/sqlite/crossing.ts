import type { Claimed, Claims, NewRequest, Settlement, Submitted } from '../store';
import type { Operation, Operations, Outcome } from './operations';
import { Packer, Unpacker, type Parcel } from './parcel';

/*
 * How operations get into the thread, and their outcomes out of it. What comes in great numbers (submissions, claims,
 * settlements) is packed; all else is cloned as it is.
 */

/** Operations on their way. A packed one has no `takes`: they are in the parcel, in the order of the operations. */
export interface PackedOperations {
  readonly operations: readonly (
    Operation | { readonly name: 'submit' | 'settle'; readonly takes: undefined }
  )[];
  readonly parcel: Parcel;
}

/** Outcomes on their way; packed ones give nothing but their kind. */
export interface PackedOutcomes {
  readonly outcomes: readonly (Outcome | { readonly packed: 'submit' | 'claim' })[];
  readonly parcel: Parcel;
}

export function packOperations(operations: readonly Operation[]): PackedOperations {
  const packer = new Packer();
  const packed = operations.map((operation) => {
    const { name, takes } = operation;
    if (name === 'submit') packer.addAll(takes[0], (request) => addRequest(packer, request));
    else if (name === 'settle') addSettling(packer, ...takes);
    else return operation;
    return { name, takes: undefined };
  });
  return { operations: packed, parcel: packer.finish() };
}

/** The bodies are views into the parcel. */
export function unpackOperations({ operations, parcel }: PackedOperations): Operation[] {
  const unpacker = new Unpacker(parcel);
  return operations.map((operation): Operation => {
    if (operation.takes) return operation;
    return operation.name === 'submit'
      ? { name: 'submit', takes: [unpacker.all(() => nextRequest(unpacker))] }
      : { name: 'settle', takes: nextSettling(unpacker) };
  });
}

/** @param operations - what the outcomes are of, in order */
export function packOutcomes(operations: readonly Operation[], outcomes: readonly Outcome[]): PackedOutcomes {
  const packer = new Packer();
  const packed = outcomes.map((outcome, index) => {
    const name = operations[index]?.name;
    if ('fault' in outcome || (name !== 'submit' && name !== 'claim')) return outcome;
    if (name === 'submit') packer.addAll(outcome.gives as Submitted[], (each) => addSubmitted(packer, each));
    else addClaims(packer, outcome.gives as Claims);
    return { packed: name };
  });
  return { outcomes: packed, parcel: packer.finish() };
}

export function unpackOutcomes({ outcomes, parcel }: PackedOutcomes): Outcome[] {
  const unpacker = new Unpacker(parcel);
  return outcomes.map((outcome): Outcome => {
    if (!('packed' in outcome)) return outcome;
    if (outcome.packed === 'claim') return { gives: nextClaims(unpacker) };
    return { gives: unpacker.all(() => nextSubmitted(unpacker)) };
  });
}

function addRequest(packer: Packer, request: NewRequest): void {
  packer.add(request.id);
  packer.add(request.service);
  packer.addBytes(request.body);
  packer.add(request.priority);
  packer.add(request.dueAt);
  packer.add(request.expiresAt);
  packer.add(request.terms);
  packer.add(request.key?.text);
  packer.add(request.key?.until);
}

function nextRequest(unpacker: Unpacker): NewRequest {
  const request = {
    id: unpacker.next<string>(),
    service: unpacker.next<string>(),
    body: unpacker.view()!,
    priority: unpacker.next<number>(),
    dueAt: unpacker.next<number>(),
    expiresAt: unpacker.next<number | undefined>(),
    terms: unpacker.next<string | undefined>(),
  };
  const text = unpacker.next<string | undefined>();
  const until = unpacker.next<number>();
  return { ...request, key: text === undefined ? undefined : { text, until } };
}

function addSubmitted(packer: Packer, { id, duplicate }: Submitted): void {
  packer.add(id);
  packer.add(duplicate);
}

function nextSubmitted(unpacker: Unpacker): Submitted {
  return { id: unpacker.next<string>(), duplicate: unpacker.next<boolean>() };
}

function addClaims(packer: Packer, { claimed, nextAt }: Claims): void {
  packer.add(nextAt);
  packer.addAll(claimed, (each) => {
    packer.add(each.id);
    packer.add(each.token);
    packer.add(each.service);
    packer.addBytes(each.body);
    packer.add(each.priority);
    packer.add(each.dueAt);
    packer.add(each.expiresAt);
    packer.add(each.submittedAt);
    packer.add(each.attempts);
    packer.add(each.terms);
    packer.add(each.error);
  });
}

function nextClaims(unpacker: Unpacker): Claims {
  const nextAt = unpacker.next<number>();
  const claimed = unpacker.all((): Claimed => ({
    id: unpacker.next<string>(),
    token: unpacker.next<number>(),
    service: unpacker.next<string>(),
    body: unpacker.copy()!,
    priority: unpacker.next<number>(),
    dueAt: unpacker.next<number>(),
    expiresAt: unpacker.next<number | undefined>(),
    submittedAt: unpacker.next<number>(),
    attempts: unpacker.next<number>(),
    terms: unpacker.next<string | undefined>(),
    error: unpacker.next<string | undefined>(),
  }));
  return { claimed, nextAt };
}

type Settling = Operations['settle']['takes'];

function addSettling(packer: Packer, ...[settlements, health]: Settling): void {
  packer.addAll(settlements, (each) => addSettlement(packer, each));
  packer.addAll(health, (each) => {
    packer.add(each.service);
    packer.add(each.answered);
    packer.add(each.failed);
    packer.add(each.absent);
  });
}

function nextSettling(unpacker: Unpacker): Settling {
  const settlements = unpacker.all(() => nextSettlement(unpacker));
  const health = unpacker.all(() => ({
    service: unpacker.next<string>(),
    answered: unpacker.next<number>(),
    failed: unpacker.next<number>(),
    absent: unpacker.next<number>(),
  }));
  return [settlements, health];
}

function addSettlement(packer: Packer, settlement: Settlement): void {
  packer.add(settlement.id);
  packer.add(settlement.token);
  packer.add(settlement.outcome);
  switch (settlement.outcome) {
    case 'succeed':
      packer.addBytes(settlement.reply);
      packer.add(settlement.replyType);
      return;
    case 'retry':
      packer.add(settlement.dueAt);
      packer.add(settlement.error);
      return;
    case 'fire':
      packer.addAll(settlement.requests, (request) => addRequest(packer, request));
      packer.add(settlement.dueAt);
      return;
    case 'release':
    case 'die':
    case 'expire':
      packer.add(settlement.error);
  }
}

function nextSettlement(unpacker: Unpacker): Settlement {
  const lease = { id: unpacker.next<string>(), token: unpacker.next<number>() };
  const outcome = unpacker.next<Settlement['outcome']>();
  switch (outcome) {
    case 'succeed':
      return { ...lease, outcome, reply: unpacker.view()!, replyType: unpacker.next<string | undefined>() };
    case 'retry':
      return { ...lease, outcome, dueAt: unpacker.next<number>(), error: unpacker.next<string>() };
    case 'fire': {
      const requests = unpacker.all(() => nextRequest(unpacker));
      return { ...lease, outcome, requests, dueAt: unpacker.next<number | undefined>() };
    }
    case 'die':
      return { ...lease, outcome, error: unpacker.next<string>() };
    case 'release':
    case 'expire':
      return { ...lease, outcome, error: unpacker.next<string | undefined>() };
  }
}
