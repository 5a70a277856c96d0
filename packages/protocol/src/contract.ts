import type { Body, BodyInput } from './body';
import { MajordomoError, type MajordomoErrorOptions } from './errors';

/** The code of a {@link ContractError}, which is also what a worker answers with where it finds one. */
export const CONTRACT_MISMATCH = 'CONTRACT_MISMATCH';

/** What a contract says the shape of. */
export type ContractPart = 'request' | 'reply' | 'progress' | 'error';

/** One thing that does not fit. */
export interface ContractIssue {
  /** Where, such as `items[2].sku`; empty for the whole. */
  readonly path: string;
  /** What is wrong there, as the schema words it. */
  readonly message: string;
}

/** What did not fit, and who found it. */
export interface ContractFault {
  readonly service: string;
  /** The side that refused it: `client` before a request left or when a reply came, `worker` the other way round. */
  readonly side: 'client' | 'worker';
  readonly part: ContractPart;
  /** At least one; the first is the one that the text of the error has. */
  readonly issues: readonly ContractIssue[];
}

/** What was to be sent, or what came, does not fit the contract of its service: the two sides have drifted apart. */
export class ContractError extends MajordomoError implements ContractFault {
  override name = 'ContractError';
  readonly service: string;
  readonly side: 'client' | 'worker';
  readonly part: ContractPart;
  readonly issues: readonly ContractIssue[];
  /** Where the first issue is, such as `items[2].sku`; empty for the whole. */
  readonly path: string;

  constructor({ service, side, part, issues }: ContractFault, options: MajordomoErrorOptions = {}) {
    const [{ path, message } = { path: '', message: 'it is not said why' }, ...others] = issues;
    const where = path === '' ? '' : ` at ${path}`;
    const what = part === 'error' ? 'An error' : `The ${part}`;
    const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
    super(
      CONTRACT_MISMATCH,
      `${what} of ${service} does not fit the contract${where}: ${message}${more}; ` +
        `found by the ${side}.`,
      options,
    );
    this.service = service;
    this.side = side;
    this.part = part;
    this.issues = issues;
    this.path = path;
  }
}

/** A reply read by its contract. */
export interface DecodedReply<Output, Progress> {
  /** What came in front of the reply in the same body, as it does where a dialect has no PARTIAL. */
  readonly progress: readonly Progress[];
  readonly reply: Output;
}

/**
 * What a client needs of a contract to call its service: how its messages are written and read. `@majordomo/contracts`
 * makes contracts; that a client knows no more of them than this keeps schemas and encodings out of it.
 */
export interface CallableContract<Input, Output, Progress> {
  /** The service. */
  readonly name: string;
  /** What its requests are, such as `application/json`. */
  readonly contentType: string;
  /** Rejects with a {@link ContractError} where the input does not fit. */
  encodeRequest(input: Input): Promise<BodyInput>;
  /**
   * Rejects with a {@link ContractError} where the reply does not fit, and with the failure of the service where it is
   * one: plain dialects have no other way to say it.
   */
  decodeReply(body: Body, contentType: string | undefined): Promise<DecodedReply<Output, Progress>>;
  /** What is in one PARTIAL. Rejects with a {@link ContractError} where it does not fit. */
  decodeProgress(body: Body, contentType: string | undefined): Promise<readonly Progress[]>;
  /** What a request failed with, in the terms of the contract; the error itself where that has none for it. */
  explain(error: unknown): Promise<unknown>;
}
