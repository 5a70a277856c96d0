import type { Mutant } from '../../mutant';

const broker = (name: string, room: string, find: string, replace: string): Mutant => ({
  name,
  file: `broker/src/core/${room}.ts`,
  find,
  replace,
});
const client = (name: string, room: string, find: string, replace: string): Mutant => ({
  name,
  file: `client/src/core/${room}.ts`,
  find,
  replace,
});
const worker = (name: string, room: string, find: string, replace: string): Mutant => ({
  name,
  file: `worker/src/core/${room}.ts`,
  find,
  replace,
});

/** The planted bugs: what brokers, clients and workers get wrong in the field, and what is easy to get wrong here. */
export const MUTANTS: readonly Mutant[] = [
  broker(
    'purge only the front of the list of silent workers',
    'liveness',
    `worker.watchedSince = now;
    this.#watchList(worker).append(worker.watchNode);`,
    `worker.watchedSince = now;
    if (worker.watchNode.list !== this.#watchList(worker)) this.#watchList(worker).append(worker.watchNode);`,
  ),
  broker(
    'forget the requests of a lost worker',
    'worker-half',
    'for (const request of this.dispatcher.heldBy(worker)) this.requests.recover(request);',
    '',
  ),
  broker('put a recovered request nowhere', 'requests', 'service.queue.putBack(request);', ''),
  broker(
    'ignore replies with references that a worker does not hold',
    'worker-half',
    'this.#protocolError(worker, `${reply.kind.toUpperCase()} with a reference that it does not hold`, now);',
    '',
  ),
  broker(
    'take any reply for the first request that its worker holds',
    'worker-half',
    'const request = worker.held.get(number);',
    'const request = worker.held.values()[0];',
  ),
  broker('leak a client that is gone', 'requests', 'this.clients.remove(client);', ''),
  broker(
    'leave the requests of a client that is gone in their queues',
    'requests',
    `const { service, worker, ref } = request;
    const waited = service.queue.remove(request);`,
    `const { service, worker, ref } = request;
    const waited = false;`,
  ),
  broker(
    'count credit one too high',
    'dispatcher',
    'if (worker.held.size < worker.credit && !worker.draining)',
    'if (worker.held.size <= worker.credit && !worker.draining)',
  ),
  broker(
    'give credit not back with the reply',
    'worker-half',
    `worker.held.delete(number);
    measureReply(request, now);
    this.liveness.seen(worker, now);
    this.dispatcher.rank(worker);`,
    `worker.held.delete(number);
    this.liveness.seen(worker, now);`,
  ),
  broker(
    'forget that a lowered credit holds at once',
    'worker-half',
    'worker.credit = Math.min(command.credit, CREDIT_MAX);',
    'worker.credit = Math.max(worker.credit, command.credit);',
  ),
  broker(
    'never expire what waits',
    'requests',
    'for (const request of this.#deadlines.takeDue(now)) {',
    'for (const request of [] as RequestRecord[]) {',
  ),
  broker(
    'give away what has expired',
    'requests',
    'if (request.dueAt > now) return queue.shift();',
    'return queue.shift();',
  ),
  broker(
    'expire a request twice',
    'requests',
    "this.endFailed(request, 'EXPIRED', message, true);",
    "this.endFailed(request, 'EXPIRED', message, true); this.endFailed(request, 'EXPIRED', message, true);",
  ),
  broker(
    'never give up services without workers',
    'requests',
    'for (const service of this.services.takeOverdue(now)) this.#expireIn(service, now);',
    'this.services.takeOverdue(now);',
  ),
  broker(
    'answer twice',
    'replies',
    'this.counters.answered++;',
    `this.counters.answered++;
    this.outbound.toClient(client.peer, dialect, { kind: 'final', id, service: service.name, body, metadata });`,
  ),
  broker(
    'one attempt too many',
    'requests',
    'if (attempts >= this.settings.attemptsMax) {',
    'if (attempts > this.settings.attemptsMax) {',
  ),
  broker(
    'begin a reply anew that its client has part of',
    'requests',
    'if (request.begun) {',
    'if (request.begun && attempts >= this.settings.attemptsMax) {',
  ),
  broker(
    'keep what a lost worker left of a gathered reply',
    'requests',
    `this.dropStream(request);
    request.state = 'queued';`,
    "request.state = 'queued';",
  ),
  broker(
    'most recently used instead of least',
    'dispatcher',
    'for (let worker = service.ready.first; worker; worker = service.ready.first) {',
    'for (let worker = [...service.ready].at(-1); worker; worker = [...service.ready].at(-1)) {',
  ),
  broker(
    'no round robin over clients',
    'fair-queue',
    'if (lane && lane.requests.length > 0) lane.level.turns.append(lane.turn);',
    '',
  ),
  broker(
    'the lowest priority first',
    'fair-queue',
    'for (let priority = this.#levels.length - 1; priority >= 0; priority--) {',
    'for (let priority = 0; priority < this.#levels.length; priority++) {',
  ),
  broker(
    'put what a lost worker had at the end of the queue',
    'fair-queue',
    `const inLine = this.#returned.push(request);
    this.#place(request, { queue: this, inLine, byArrival: undefined, lane: undefined });`,
    'this.push(request);',
  ),
  broker(
    'take turns from clients whose requests have expired',
    'requests',
    `queue.remove(request);
      this.#expired(request, queuedTooLong(service), now);
    }
    return undefined;`,
    `queue.shift();
      this.#expired(request, queuedTooLong(service), now);
    }
    return undefined;`,
  ),
  broker(
    'take PARTIALs beyond the window',
    'replies',
    'if (worker.dialect.packed && request.window === 0) return false;',
    '',
  ),
  broker(
    'let a worker wait for a window that nobody opens',
    'replies',
    "if (worker?.dialect.packed) {\n        this.outbound.toWorker(worker.peer, worker.dialect, { kind: 'cancel', ref });\n      }",
    '',
  ),
  broker('count no PARTIAL against the window', 'replies', 'if (request.window > 0) request.window--;', ''),
  broker(
    'forget WINDOW on its way to the worker',
    'replies',
    'const granted = Math.min(more, 0xffff_ffff - request.window);',
    'const granted = 0 * more;',
  ),
  broker(
    'keep a lost worker among those of its service',
    'worker-half',
    'service.workers.delete(worker);',
    '',
  ),
  broker('keep a lost worker among those with credit', 'worker-half', 'worker.readyNode.remove();', ''),
  broker('bytes not given back', 'requests', 'this.#pendingBytes -= request.bytes;', ''),
  broker('messages kept for nobody', 'requests', 'if (request.batch) this.retention.release(request);', ''),
  broker('give work to a worker that drains', 'worker-half', 'worker.draining = true;', ''),
  broker(
    'tell no worker of a cancellation',
    'requests',
    `end();
    if (waited) this.services.settle(service);
    else if (worker?.dialect.packed)
      this.outbound.toWorker(worker.peer, worker.dialect, { kind: 'cancel', ref });`,
    `end();
    if (waited) this.services.settle(service);`,
  ),
  broker(
    'send workers no heartbeat',
    'broker-core',
    'this.#workers.send(due, HEARTBEAT, now);',
    'this.#liveness.sent(due, now);',
  ),
  broker(
    'keep clients that are silent',
    'clients',
    'return client && now - client.lastSeenAt >= silenceMs ? client : undefined;',
    'return client && silenceMs < 0 ? client : undefined;',
  ),
  broker(
    'one client too many',
    'client-half',
    'else if (this.clients.sessions >= clientsMax) {',
    'else if (this.clients.sessions > clientsMax) {',
  ),
  broker(
    'more requests than a queue may hold',
    'bounds',
    'if (length >= queueMax) return `${queueMax} requests wait for a service at most`;',
    '',
  ),
  broker(
    'more bytes than the broker may hold',
    'bounds',
    'if (held.pendingBytes + bytes > pendingBytesMax)',
    'if (held.pendingBytes > pendingBytesMax)',
  ),
  broker(
    'expect nothing once a service has its first worker',
    'worker-half',
    'this.dispatcher.now(worker.service, now);',
    '',
  ),
  client(
    'send again what must not be sent twice',
    'call',
    'this.retriesLeft = terms.idempotent ? terms.retries : 0;',
    'this.retriesLeft = terms.retries;',
  ),
  client(
    'drop what is pending when a session is lost',
    'packed-talk',
    'call.avoid = broker;\n    this.calls.waitAgain(call);',
    'call.avoid = broker;',
  ),
  client(
    'keep what came before a call was sent again',
    'calls',
    `call.link = undefined;
    call.partials = undefined;`,
    'call.link = undefined;',
  ),
  client('send brokers no heartbeat', 'packed-links', 'this.effects.send(link.id, HEARTBEAT);', ''),
  client(
    'no deadline for what was sent',
    'packed-talk',
    'this.calls.deadlines.set(call, stream ? expiresAt : expiresAt + GRACE_MS);',
    'this.calls.deadlines.set(call, Infinity);',
  ),
  client(
    'never widen a window',
    'packed-talk',
    "this.effects.send(link.id, { kind: 'window', id: call.id, more });",
    ';',
  ),
  client(
    'use a plain socket again whose call was given up',
    'plain-talk',
    'if (call.link?.packed === false) this.pool.drop(call.link, now);',
    'if (call.link?.packed === false) this.pool.release(call.link, now);',
  ),
  client(
    'keep to a broker that is silent',
    'packed-links',
    'if (silentMs >= this.settings.liveness * link.heartbeatMs) {',
    'if (silentMs < 0) {',
  ),
  client(
    'keep the ids of calls that have their reply',
    'packed-talk',
    `const { partials } = call;
    this.ids.free(call);`,
    'const { partials } = call;',
  ),
  client(
    'lose count of connections',
    'packed-links',
    `link.broker.links--;
    this.sockets.size--;`,
    'link.broker.links--;',
  ),
  worker(
    'register no more after a loss (plain)',
    'session',
    'if (!last) this.#connectAt = now + this.#options.reconnectDelayMs(++this.#losses);',
    '',
  ),
  worker(
    'register no more after a loss (packed)',
    'packed-session',
    'if (!last) this.#connectAt = now + this.#options.reconnectDelayMs(++this.#losses);',
    '',
  ),
  worker(
    'no heartbeat (plain)',
    'session',
    'else if (now >= this.#heartbeatAt) this.#send(HEARTBEAT, now);',
    'else this.#heartbeatAt = now + 60_000;',
  ),
  worker('no heartbeat (packed)', 'packed-session', 'this.#effects.send(HEARTBEAT);', ''),
  worker(
    'a result of a job given up answers the next',
    'session',
    'if (this.#job?.id !== job) return false;\n    const { ref } = this.#job;',
    'if (!this.#job) return false;\n    const { ref } = this.#job;',
  ),
  worker(
    'keep jobs that are done',
    'packed-session',
    'this.#jobs.remove(job);\n    this.#departWhenDone();',
    'this.#departWhenDone();',
  ),
  worker(
    'keep to a broker that is silent (packed)',
    'packed-session',
    'if (now >= this.#lostAt) {',
    'if (now < 0) {',
  ),
  worker(
    'never leave',
    'packed-session',
    "if (this.#state === 'leaving' && this.#jobs.size === 0) this.close();",
    '',
  ),
  worker('keep the jobs of a lost broker', 'packed-session', 'return this.#jobs.takeAll();', 'return [];'),
];
