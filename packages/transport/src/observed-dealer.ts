import { closeSync, openSync } from 'node:fs';
import { devNull } from 'node:os';
import type { Dealer } from 'zeromq';
import { codeOf } from './socket-error';

/** Tries that a signal may spoil, one after another. */
const TRIES_MAX = 10;

/** Files that an observer needs: one for each of its ends. */
const FILES = 2;

/**
 * Sockets that may be observed by half: ZeroMQ has its end of the observer, and nobody has the other. The next that it has
 * to say of such a socket would wait for the other end for ever, and with it the thread that moves the messages of all
 * sockets; where that is said as the socket closes, the thread that frees them. So they stay as they are, neither
 * connected nor closed, and are not left to the garbage collector either, which closes them.
 */
const halfObserved = new Set<Dealer>();

/** A socket that is not connected yet, and what tells of it. */
export interface ObservedDealer {
  readonly socket: Dealer;
  /** Left out where the name for it is taken for some ms: then {@link observe} has it soon. */
  readonly events: Dealer['events'] | undefined;
}

/**
 * A new socket with its observer. It has to be observed before it is connected: what is said in between would be lost.
 * @param make - makes the socket
 * @throws where there are too many files open, or the observer cannot be had
 */
export function observedDealer(make: () => Dealer): ObservedDealer {
  for (let tries = 1; ; tries++) {
    const socket = make();
    try {
      return { socket, events: observe(socket) };
    } catch (error) {
      discard(socket);
      if (tries === TRIES_MAX || codeOf(error) !== 'EINTR') throw error;
    }
  }
}

/**
 * The observer of a socket that is not connected, or `undefined` where ZeroMQ has not freed its name yet: it is made of an
 * address in memory, which may be that of one closed a moment ago.
 * @throws where there are too many files open, or it cannot be had; such a socket must be discarded
 */
export function observe(socket: Dealer): Dealer['events'] | undefined {
  requireFiles();
  try {
    return socket.events;
  } catch (error) {
    if (codeOf(error) === 'EADDRINUSE') return undefined;
    halfObserved.add(socket);
    throw error;
  }
}

/** Closes a socket, but for one that may be observed by half. */
export function discard(socket: Dealer): void {
  if (!halfObserved.has(socket)) socket.close();
}

/**
 * Where files run out between the two ends of an observer, it is one by half. So it is seen before whether there are
 * enough; only threads of ZeroMQ may take one in between.
 */
function requireFiles(): void {
  const files: number[] = [];
  try {
    while (files.length < FILES) files.push(openSync(devNull, 'r'));
  } catch (cause) {
    const code = codeOf(cause);
    if (code === 'EMFILE' || code === 'ENFILE') {
      throw new Error(`too many open files (${code}): the limit of open files is too low`, { cause });
    }
  } finally {
    for (const file of files) closeSync(file);
  }
}
