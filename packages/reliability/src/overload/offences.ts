import { newPackedClient, newPackedWorker, request } from './packed';
import { frame, message, RawConnection } from './zmtp';

/** What is done to a broker. */
export interface Offence {
  /** Connections that were opened. */
  readonly connections: readonly RawConnection[];
  /** Messages, requests or connections, as it goes. */
  sent: number;
  /** What it was sent; 0 of one that does not read. */
  heard: number;
  /** DISCONNECTs among those. */
  refused: number;
  /** Why it did less than it was to, in words. */
  shortfall: string | undefined;
  /** True once it is to end. */
  over: boolean;
}

function newOffence(): Offence & { connections: RawConnection[] } {
  return { connections: [], sent: 0, heard: 0, refused: 0, shortfall: undefined, over: false };
}

/** Ends an offence, and its connections with it. */
export function end(offence: Offence): void {
  offence.over = true;
  for (const connection of offence.connections) connection.close();
}

/** How long a peer that has nothing to say right now waits, in ms. */
const PAUSE_MS = 5;

/** How often a plain client that asks no more says something all the same, in ms. */
const BEAT_MS = 200;

const pause = () => new Promise((resolve) => setTimeout(resolve, PAUSE_MS));

/** What has begun goes on by itself; an offence that ends because its connection did has ended well. */
function goOn(run: () => Promise<void>): void {
  run().catch(() => undefined);
}

/** How long deaf clients ask for more, in ms: the system does not close the connection of a peer that goes on talking. */
const ASKING_MS = 2_000;

/**
 * A packed client that asks for so many replies of a service at a time, again and again, shows that it lives, and reads
 * nothing.
 */
export async function deafClient(
  endpoint: string,
  service: string,
  perTurn: number,
  askingMs = ASKING_MS,
): Promise<Offence> {
  const offence = newOffence();
  const peer = await newPackedClient(endpoint);
  offence.connections.push(peer.connection);
  peer.connection.stopReading();
  const until = performance.now() + askingMs;
  goOn(async () => {
    while (peer.connection.isOpen && !offence.over && performance.now() < until) {
      for (let n = 0; n < perTurn; n++) peer.say(request(++offence.sent, service, 'large'));
      await peer.connection.drained();
      await pause();
    }
  });
  return offence;
}

/** The same in MDP/0.2, which has no sessions to end. */
export async function deafPlainClient(
  endpoint: string,
  service: string,
  perTurn: number,
  askingMs = ASKING_MS,
): Promise<Offence> {
  const offence = newOffence();
  const connection = await RawConnection.open(endpoint);
  offence.connections.push(connection);
  connection.stopReading();
  const until = performance.now() + askingMs;
  goOn(async () => {
    while (connection.isOpen && !offence.over && performance.now() < until) {
      for (let n = 0; n < perTurn; n++) connection.send('MDPC02', '\x01', service, 'large');
      offence.sent += perTurn;
      await connection.drained();
      await pause();
    }
    // Whoever does not read learns of the end of its connection by writing only.
    while (connection.isOpen && !offence.over) {
      connection.send('MDPC02', '\x01', 'mmi.service', service);
      await new Promise((resolve) => setTimeout(resolve, BEAT_MS));
    }
  });
  return offence;
}

/** A packed worker that asks for so many requests, shows that it lives, and reads nothing. */
export async function deafWorker(endpoint: string, service: string, credit: number): Promise<Offence> {
  const offence = newOffence();
  const peer = await newPackedWorker(endpoint, service, credit);
  offence.connections.push(peer.connection);
  offence.sent = 1;
  peer.connection.stopReading();
  return offence;
}

/** Messages of one byte, as many as the broker takes. */
export async function oneByteMessages(endpoint: string, connections: number): Promise<Offence> {
  const message = frame(Uint8Array.of(1), false);
  return pour(endpoint, connections, message);
}

/** One message of frames of one byte, which never ends. */
export async function endlessMessage(endpoint: string, connections: number): Promise<Offence> {
  return pour(endpoint, connections, frame(Uint8Array.of(1), true));
}

const POURED_AT_ONCE = 1_000;

async function pour(endpoint: string, connections: number, each: Buffer): Promise<Offence> {
  const offence = newOffence();
  const batch = Buffer.concat(Array.from({ length: POURED_AT_ONCE }, () => each));
  for (let n = 0; n < connections; n++) {
    const connection = await RawConnection.open(endpoint, () => offence.heard++);
    offence.connections.push(connection);
    goOn(async () => {
      while (connection.isOpen && !offence.over) {
        connection.sendBytes(batch);
        offence.sent += POURED_AT_ONCE;
        await connection.drained();
        await new Promise((resolve) => setImmediate(resolve));
      }
      connection.close();
    });
  }
  return offence;
}

/** Connections opened at one time. */
const OPENED_AT_ONCE = 200;

/** Opens connections until there are so many, or no more can be had. */
async function openMany(
  offence: Offence & { connections: RawConnection[] },
  count: number,
  open: () => Promise<RawConnection>,
): Promise<void> {
  while (offence.connections.length < count) {
    const wanted = Math.min(OPENED_AT_ONCE, count - offence.connections.length);
    const opened = await Promise.allSettled(Array.from({ length: wanted }, open));
    for (const result of opened) if (result.status === 'fulfilled') offence.connections.push(result.value);
    const failed = opened.find((result) => result.status === 'rejected');
    if (!failed) continue;
    const why = `of ${count} connections ${offence.connections.length} could be made`;
    offence.shortfall = `${why}; how many descriptors a process may have (ulimit -n) is what bounds them`;
    break;
  }
}

/** Connections that say nothing; with `shakesHands` they have said that they speak ZMTP. */
export async function silence(endpoint: string, count: number, shakesHands: boolean): Promise<Offence> {
  const offence = newOffence();
  await openMany(offence, count, () => RawConnection.open(endpoint, undefined, shakesHands));
  offence.sent = offence.connections.length;
  return offence;
}

/** Plain workers that register at once, ten for each service, and do nothing else. */
export async function crowdOfWorkers(endpoint: string, count: number): Promise<Offence> {
  const offence = newOffence();
  const heard = (frames: Buffer[]) => {
    offence.heard++;
    if (frames[1]?.[0] === 6) offence.refused++;
  };
  await openMany(offence, count, () => RawConnection.open(endpoint, heard));
  for (const [n, connection] of offence.connections.entries()) {
    connection.send('MDPW02', '\x01', `crowd-${Math.floor(n / 10)}`);
    offence.sent++;
  }
  return offence;
}

/** Requests for one service after another that nobody serves, and workers that register for one after another. */
export async function newServices(endpoint: string, count: number): Promise<Offence> {
  const offence = newOffence();
  const client = await RawConnection.open(endpoint, () => offence.heard++);
  const worker = await RawConnection.open(endpoint, () => offence.heard++);
  offence.connections.push(client, worker);
  goOn(async () => {
    while (offence.sent < count && client.isOpen && worker.isOpen && !offence.over) {
      const requests: Buffer[] = [];
      const sessions: Buffer[] = [];
      for (let n = 0; n < POURED_AT_ONCE / 10 && offence.sent < count; n++) {
        const day = offence.sent++;
        requests.push(message(['MDPC02', '\x01', `asked-on-day-${day}`, 'x']));
        sessions.push(message(['MDPW02', '\x01', `served-on-day-${day}`]), message(['MDPW02', '\x06']));
      }
      client.sendBytes(Buffer.concat(requests));
      worker.sendBytes(Buffer.concat(sessions));
      await Promise.all([client.drained(), worker.drained()]);
      await pause();
    }
  });
  return offence;
}

/** Management requests in one message, of those who read the answers and of those who do not. */
const ASKED_AT_ONCE = { reads: 3, deaf: 200 };

/** Packed clients that ask for the longest lists there are, as fast as they can; every second one reads nothing. */
export async function management(endpoint: string, connections: number): Promise<Offence> {
  const offence = newOffence();
  const services = ['mmi.workers', 'mmi.services', 'mmi.broker'];
  for (let n = 0; n < connections; n++) {
    const reads = n % 2 === 0;
    const atOnce = reads ? ASKED_AT_ONCE.reads : ASKED_AT_ONCE.deaf;
    let waiting = 0;
    const peer = await newPackedClient(endpoint, ({ kind }) => {
      offence.heard++;
      if (kind === 'disconnect') offence.refused++;
      if (kind === 'final') waiting--;
    });
    offence.connections.push(peer.connection);
    if (!reads) peer.connection.stopReading();
    goOn(async () => {
      for (let id = 1; peer.connection.isOpen && !offence.over;) {
        if (waiting <= 0 || !reads) {
          peer.say(
            ...Array.from({ length: atOnce }, () => request(id++, services[id % 3] ?? 'mmi.broker', '')),
          );
          waiting = atOnce;
          offence.sent += atOnce;
        }
        await peer.connection.drained();
        await (reads ? new Promise((resolve) => setImmediate(resolve)) : pause());
      }
      peer.close();
    });
  }
  return offence;
}
