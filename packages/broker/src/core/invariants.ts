import { StateError } from '@majordomo/protocol';
import type { Clients } from './clients';
import { costOfFrames } from './costs';
import type { Counters } from './counters';
import type { Dispatcher } from './dispatcher';
import type { ClientRecord, RequestRecord, ServiceRecord, WorkerRecord } from './records';
import type { Requests } from './requests';
import type { Batch } from './retention';
import type { CoreSettings } from './settings';

/** The rooms of a core, as {@link checkInvariants} goes through them. */
export interface Rooms {
  readonly settings: CoreSettings;
  readonly counters: Counters;
  readonly services: ReadonlyMap<string, ServiceRecord>;
  readonly workers: ReadonlyMap<string, WorkerRecord>;
  readonly clients: Clients;
  readonly requests: Requests;
  readonly dispatcher: Dispatcher;
}

/** What was found of the requests under way, client by client. */
interface Found {
  pending: number;
  bytes: number;
  timed: number;
  readonly queued: Map<ServiceRecord, { requests: number; bytes: number }>;
  readonly batches: Map<Batch, number>;
}

function insist(condition: boolean, what: () => string): void {
  if (!condition) throw new StateError(`The broker's tables contradict each other: ${what()}.`);
}

/**
 * Holds all tables of a core against each other: every request is where its state says, counts and bytes are the sums
 * of what they count, bounds are kept. To be called when a turn has been settled. It walks over everything, and is for
 * tests and simulation.
 * @throws StateError saying what is wrong
 */
export function checkInvariants(rooms: Rooms): void {
  const found: Found = { pending: 0, bytes: 0, timed: 0, queued: new Map(), batches: new Map() };
  for (const client of rooms.clients) checkClient(client, rooms, found);
  for (const worker of rooms.workers.values()) checkWorker(worker, rooms);
  for (const [name, service] of rooms.services) checkService(name, service, rooms, found);
  checkSums(rooms, found);
  checkBounds(rooms);
}

function checkClient(client: ClientRecord, { clients, workers, dispatcher }: Rooms, found: Found): void {
  const { peer, session, requests } = client;
  insist(clients.get(peer) === client, () => 'a client is not found under its name');
  const isInLists = client.seenNode?.list !== undefined && client.beatNode?.list !== undefined;
  insist(isInLists === (session !== undefined), () => 'a packed client is not watched, or a plain one is');
  const isIdle = client.idleNode.list !== undefined;
  insist(
    isIdle === (session === undefined && requests.size === 0),
    () => `a client with ${requests.size} requests is ${isIdle ? '' : 'not '}on its way out`,
  );
  for (const request of requests.values()) {
    insist(request.client === client, () => 'a request is with a client that it is not of');
    checkRequest(request, workers, dispatcher);
    count(request, found);
  }
}

function checkRequest(
  request: RequestRecord,
  workers: ReadonlyMap<string, WorkerRecord>,
  dispatcher: Dispatcher,
): void {
  const { state, service, worker, place, timer, dueAt } = request;
  const { id } = request;
  switch (state) {
    case 'queued':
      insist(place?.queue === service.queue, () => `request ${id} is queued and in no queue`);
      insist(worker === undefined, () => `request ${id} is queued and has a worker`);
      insist((timer !== undefined) === (dueAt !== Infinity), () => `request ${id} waits without its timer`);
      return;
    case 'held':
      insist(place === undefined && timer === undefined, () => `request ${id} is held and waits`);
      insist(
        worker !== undefined && workers.get(worker.peer) === worker,
        () => `request ${id} has no worker`,
      );
      insist(
        worker?.held.get(dispatcher.numberOf(request.ref)) === request,
        () => `request ${id} is not among those that its worker holds`,
      );
      return;
    case 'answered':
      insist(place === undefined && timer === undefined, () => `request ${id} is answered and waits`);
      insist(worker === undefined, () => `request ${id} is answered and has a worker`);
      insist((request.stream?.held.length ?? 0) > 0, () => `request ${id} is answered and owes nothing`);
      return;
    case 'ended':
      insist(false, () => `request ${id} has ended and its client waits`);
  }
}

function count(request: RequestRecord, found: Found): void {
  const { state, service, stream, bytes, batch, timer } = request;
  found.pending++;
  found.bytes += bytes;
  if (stream) found.bytes += costOfFrames(stream.gathered, stream.gatheredBytes) + stream.heldBytes;
  if (timer) found.timed++;
  if (batch) found.batches.set(batch, (found.batches.get(batch) ?? 0) + 1);
  if (state !== 'queued') return;
  const queued = found.queued.get(service) ?? { requests: 0, bytes: 0 };
  queued.requests++;
  queued.bytes += bytes;
  found.queued.set(service, queued);
}

function checkWorker(worker: WorkerRecord, { services, workers, dispatcher }: Rooms): void {
  const { peer, service, held, credit, draining, readyNode, watchNode, beatNode } = worker;
  insist(workers.get(peer) === worker, () => 'a worker is not found under its name');
  insist(
    services.get(service.name) === service && service.workers.has(worker),
    () => `a worker of ${service.name} is none of its service`,
  );
  const hasCredit = held.size < credit && !draining;
  insist(
    (readyNode.list === service.ready) === hasCredit,
    () =>
      `a worker with ${held.size} of ${credit} requests is ${hasCredit ? 'not ' : ''}among those with credit`,
  );
  insist(watchNode.list !== undefined, () => `nobody watches a worker of ${service.name}`);
  insist(beatNode.list !== undefined, () => `no heartbeat is owed to a worker of ${service.name}`);
  for (const request of held.values()) {
    const isOwn = request.state === 'held' && request.worker === worker;
    insist(
      isOwn || request.state === 'ended',
      () => `a worker holds request ${request.id}, which is ${request.state}`,
    );
    if (isOwn) {
      insist(
        held.get(dispatcher.numberOf(request.ref)) === request,
        () => `request ${request.id} is held under another reference than its own`,
      );
    }
  }
}

function checkService(name: string, service: ServiceRecord, { workers }: Rooms, { queued }: Found): void {
  const { queue, ready } = service;
  insist(service.name === name, () => `${service.name} is found as ${name}`);
  insist(service.workers.size > 0 || queue.length > 0, () => `${name} is kept for nobody`);
  for (const worker of service.workers) {
    insist(workers.get(worker.peer) === worker, () => `${name} is served by a worker that is gone`);
  }
  const { requests, bytes } = queued.get(service) ?? { requests: 0, bytes: 0 };
  insist(queue.length === requests, () => `${name} has ${queue.length} in its queue, and ${requests} wait`);
  insist(queue.bytes === bytes, () => `${name} has ${queue.bytes} bytes in its queue, and ${bytes} wait`);
  insist(
    ready.length === 0 || queue.length === 0,
    () => `${queue.length} requests wait for ${name}, which has ${ready.length} workers with credit`,
  );
  queue.checkInvariants();
}

function checkSums({ counters, requests, services }: Rooms, found: Found): void {
  const { pending, bytes, timed, queued, batches } = found;
  for (const service of queued.keys()) {
    insist(services.get(service.name) === service, () => `requests wait for ${service.name}, which is gone`);
  }
  insist(
    requests.pendingBytes === bytes,
    () => `${requests.pendingBytes} bytes are counted, and ${bytes} are held`,
  );
  insist(requests.timed === timed, () => `${requests.timed} deadlines are kept, and ${timed} requests wait`);
  let retained = 0;
  for (const [batch, live] of batches) {
    insist(
      batch.live === live,
      () => `a message is kept for ${batch.live} requests, of which ${live} are left`,
    );
    retained += batch.bytes;
  }
  insist(
    requests.retention.bytes === retained,
    () => `${requests.retention.bytes} bytes of messages are counted, and ${retained} are kept`,
  );
  const { answered, refused, refusedDraining, expired, unserved } = counters;
  const { cancelled, failed, overflowed, exhausted, withdrawn, unauthorized, limited } = counters;
  const told = answered + refused + refusedDraining + expired + unserved + unauthorized + limited;
  const ended = told + cancelled + failed + overflowed + exhausted + withdrawn;
  insist(
    counters.requests === ended + pending,
    () => `of ${counters.requests} requests ${ended} have ended, and ${pending} are left`,
  );
}

function checkBounds({ settings, services, workers, clients, requests }: Rooms): void {
  const { servicesMax, workersMax, clientsMax, pendingBytesMax } = settings;
  insist(services.size <= servicesMax, () => `${services.size} services, beyond ${servicesMax}`);
  insist(workers.size <= workersMax, () => `${workers.size} workers, beyond ${workersMax}`);
  insist(clients.sessions <= clientsMax, () => `${clients.sessions} clients, beyond ${clientsMax}`);
  insist(
    requests.pendingBytes >= 0 && requests.pendingBytes <= pendingBytesMax,
    () => `${requests.pendingBytes} bytes, beyond ${pendingBytesMax}`,
  );
}
