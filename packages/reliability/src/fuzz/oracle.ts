import { Body, Metadata } from '@majordomo/protocol';
import { decodePacked, PackedFault, type PackedCommand } from '@majordomo/testkit';
import type { Command } from './commands';
import { LIMITS, type Direction, type Frames, type LimitsName } from './message';
import { differenceOfLists } from './same';

/*
 * The testkit's codec of MDP/P1, which was written from the specification alone: what one of the two takes and the
 * other does not, or reads as something else, is a bug in one of them or a hole in the specification.
 */

type Said = Exclude<PackedCommand, { kind: 'service' }>;

/** A command of the testkit's codec as ours has it. */
function asOurs(command: Said, direction: Direction): object {
  const ofClient = direction.includes('client');
  const named = (id: number): object => (ofClient ? { id } : { ref: id });
  switch (command.kind) {
    case 'hello': {
      return { ...command, metadata: new Metadata(command.metadata) };
    }
    case 'ready':
    case 'welcome':
      return { ...command, metadata: new Metadata(command.metadata) };
    case 'request': {
      const { kind, id, service, remainingMs, window, priority, attempt, failFast } = command;
      const common = { kind, ...named(id), remainingMs, window, priority };
      const content = { metadata: new Metadata(command.metadata), body: Body.of(command.body) };
      return { ...common, ...content, ...(ofClient ? { service, failFast } : { attempt }) };
    }
    case 'partial':
    case 'final': {
      const { kind, id } = command;
      const content = { metadata: new Metadata(command.metadata), body: Body.of(command.body) };
      return { kind, ...named(id), ...content, ...(ofClient ? { service: '' } : {}) };
    }
    case 'failure': {
      const { kind, id, code, message, retryable, ofWorker } = command;
      const common = { kind, ...named(id), code, message, retryable };
      return ofClient ? { ...common, service: '', origin: ofWorker ? 'worker' : 'broker' } : common;
    }
    case 'cancel':
      return { kind: command.kind, ...named(command.id) };
    case 'window':
      return { kind: command.kind, ...named(command.id), more: command.more };
    case 'credit':
    case 'heartbeat':
    case 'draining':
    case 'disconnect':
      return command;
  }
}

/** The second opinion on the messages of one session. */
export class Oracle {
  readonly #services = [''];

  constructor(
    private readonly direction: Direction,
    private readonly limits: LimitsName,
  ) {}

  /**
   * Reads the next message, and says how that differs from what our decoder made of it; `undefined` where it does not.
   * @param ours - the commands, or the reason for which the message was refused
   */
  objection(frames: Frames, ours: readonly Command[] | string): string | undefined {
    let theirs: PackedCommand[];
    try {
      theirs = decodePacked(this.direction, frames, this.#services, LIMITS[this.limits]);
    } catch (error) {
      if (!(error instanceof PackedFault)) throw error;
      return typeof ours === 'string' ? undefined : `taken, where the other codec says ${error.message}`;
    }
    if (typeof ours === 'string') return `refused (${ours}), where the other codec takes it`;
    const said = theirs.filter((command): command is Said => command.kind !== 'service');
    const where = differenceOfLists(
      ours,
      said.map((command) => asOurs(command, this.direction)),
    );
    return where && `read in another way than by the other codec: ${where}`;
  }
}
