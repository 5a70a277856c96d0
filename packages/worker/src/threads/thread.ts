import { MessageChannel, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import type { Handler } from '../handler';
import { toFault } from './fault';
import { HandlerLoader } from './handler-loader';
import type { FromThread, LoadTask, Outcome, ServeTask, Task, ThreadData, ToThread } from './messages';
import { ThreadJob } from './thread-job';
import { movable } from './movable';

/** What runs in each thread of a pool: loads the handler, and serves one request after another with it. */

const data = workerData as ThreadData;
const loader = new HandlerLoader(data.handlerFile);
const { port1: link, port2: mainEnd } = new MessageChannel();
let job: ThreadJob | undefined;
let release: (() => void) | undefined;

link.on('message', hear);
// The thread ends when its pool ends it; the link is no reason to stay.
link.unref();
parentPort?.postMessage({ link: mainEnd }, [mainEnd]);

function hear(message: ToThread): void {
  if (message.kind === 'release') release?.();
  else if (job?.id === message.id) job.hear(message);
}

/** Takes what was sent to this thread while its event loop was blocked. */
function hearNow(): void {
  for (let next = receiveMessageOnPort(link); next; next = receiveMessageOnPort(link)) {
    hear(next.message as ToThread);
  }
}

function tell(message: FromThread, transfer: ArrayBuffer[] = []): void {
  link.postMessage(message, transfer);
}

/** What the pool calls. It rejects for nothing that a handler does: whatever ends it otherwise is a crash. */
export default async function run(task: Task): Promise<unknown> {
  const handler = await load(task);
  return task.kind === 'load' ? untilReleased(task) : movable(await serve(task, handler));
}

/** Where there is no handler, the pool ends this thread: it waits for that. */
async function load({ id }: Task): Promise<Handler> {
  try {
    return await loader.load();
  } catch (error) {
    tell({ kind: 'unloadable', id, fault: toFault(error) });
    return new Promise(() => undefined);
  }
}

async function untilReleased({ id }: LoadTask): Promise<Outcome> {
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  tell({ kind: 'loaded', id });
  await released;
  return { kind: 'released' };
}

async function serve(
  task: ServeTask,
  handler: Handler,
): Promise<{ outcome: Outcome; transfer: ArrayBuffer[] }> {
  job = new ThreadJob(task, { aborted: data.aborted, hearNow, tell });
  try {
    return await job.run(handler);
  } finally {
    job = undefined;
  }
}
