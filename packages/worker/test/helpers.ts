import { RawBroker01, RawBroker02, type RawBroker, type WorkerCommand } from '@majordomo/testkit';
import { Worker, type Handler, type WorkerEvents, type WorkerOptions } from '../src/index';

/** Short enough for quick tests, long enough for a busy machine. */
export const HEARTBEAT_MS = 50;

const workers: Worker[] = [];
const brokers: RawBroker[] = [];

/** A worker for the service `echo` with short intervals, of MDP/0.2 unless told otherwise; closed by {@link closeAll}. */
export function makeWorker(
  brokers: string | string[],
  handler: Handler,
  options: WorkerOptions = {},
): Worker {
  const worker = new Worker('echo', handler, {
    brokers,
    protocol: 'mdp/0.2',
    heartbeatMs: HEARTBEAT_MS,
    liveness: 5,
    reconnectMinMs: 10,
    reconnectMaxMs: 40,
    ...options,
  });
  workers.push(worker);
  return worker;
}

/** The same, started. */
export async function startWorker(...args: Parameters<typeof makeWorker>): Promise<Worker> {
  const worker = makeWorker(...args);
  await worker.start();
  return worker;
}

/** A raw broker of RFC 7 (`mdp/0.1`) or RFC 18 (`mdp/0.2`); closed by {@link closeAll}. */
export async function listen(
  protocol: 'mdp/0.1' | 'mdp/0.2' = 'mdp/0.2',
  endpoint?: string,
): Promise<RawBroker> {
  const options = endpoint === undefined ? {} : { endpoint };
  const broker = await (protocol === 'mdp/0.1' ? RawBroker01 : RawBroker02).listen(options);
  brokers.push(broker);
  return broker;
}

/** Closes the workers first, so that none of them tries to come back, and shows what the brokers complained of. */
export async function closeAll(): Promise<void> {
  await Promise.all(workers.splice(0).map((worker) => worker.close()));
  const all = brokers.splice(0);
  await Promise.all(all.map(crash));
  expect(all.flatMap(({ violations }) => violations)).toEqual([]);
}

/** Ends a broker without a word, its connections with it. */
export function crash(broker: RawBroker): Promise<void> {
  return broker.socket.close();
}

/** The next command of a worker that is no heartbeat, which must be of this kind. */
export async function next(broker: RawBroker, command: WorkerCommand['command']): Promise<WorkerCommand> {
  const arrived = await broker.nextFromWorker({ skipHeartbeats: true });
  expect(arrived.command).toBe(command);
  return arrived;
}

/** Waits for READY; the identity of the worker. */
export async function ready(broker: RawBroker): Promise<Buffer> {
  return (await next(broker, 'ready')).worker;
}

/**
 * Waits for DISCONNECT and the READY that follows it from a new socket, and so may arrive before it; the identity of
 * that.
 */
export async function anew(broker: RawBroker): Promise<Buffer> {
  const arrived = [
    await broker.nextFromWorker({ skipHeartbeats: true }),
    await broker.nextFromWorker({ skipHeartbeats: true }),
  ];
  expect(arrived.map(({ command }) => command).sort()).toEqual(['disconnect', 'ready']);
  const [gone, come] = arrived[0]?.command === 'disconnect' ? arrived : arrived.reverse();
  expect(come?.worker).not.toEqual(gone?.worker);
  return come?.worker ?? Buffer.alloc(0);
}

/** Texts of the frames of a body. */
export const texts = ({ body = [] }: WorkerCommand): string[] => body.map(String);

/** The next event of a worker. */
export function event<Name extends keyof WorkerEvents>(
  worker: Worker,
  name: Name,
): Promise<WorkerEvents[Name]> {
  return new Promise((resolve) => worker.once(name, resolve));
}

/** A promise and what settles it. */
export function deferred<T = void>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
