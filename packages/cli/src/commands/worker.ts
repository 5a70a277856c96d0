import { Worker } from '@majordomo/worker';
import type { Invocation } from '../command';
import { EXIT, UsageError, type ExitCode } from '../exit';
import { createLogger } from '../log';
import { curveOf } from '../security';
import type { CurveSetting } from './curve-settings';
import { untilShutdown } from '../signals';
import { requireExecutable } from '../worker/executable';
import { echo, linesOf, wholeOutputOf } from '../worker/handlers';

type WorkerInvocation = Invocation<
  | 'broker'
  | 'echo'
  | 'lines'
  | 'handlerFile'
  | 'threads'
  | 'concurrency'
  | 'protocol'
  | 'heartbeatMs'
  | 'liveness'
  | 'drainTimeoutMs'
  | 'logLevel'
  | CurveSetting
>;

/** `majordomo worker`: serves until a signal asks for the end, then drains. */
export async function run({ args, settings, output }: WorkerInvocation): Promise<ExitCode> {
  const { broker: brokers, handlerFile, threads, concurrency, logLevel } = settings;
  const { protocol, heartbeatMs, liveness, drainTimeoutMs } = settings;
  const [service = '', ...command] = args;
  checkHandler(command, settings);
  if (command.length > 0) await requireExecutable(command[0] ?? '');
  const logger = await createLogger(logLevel);
  const curve = await curveOf(settings);
  const connection = { brokers, protocol, heartbeatMs, liveness, curve };
  // Not given, it is left to the library: a worker with threads has a default of its own.
  const atOnce = concurrency === undefined ? {} : { concurrency };
  const common = { ...connection, ...atOnce, drainTimeoutMs, logger };
  const worker =
    handlerFile === undefined
      ? new Worker(service, chooseHandler(command, settings), common)
      : new Worker(service, { ...common, handlerFile, ...(threads !== undefined && { threads }) });
  worker.on('registered', ({ broker }) => {
    void output.line(`majordomo worker ${service} registered with ${broker}`);
  });
  const shutdown = untilShutdown();
  await worker.start();
  logger.info({ event: 'shutdown', signal: await shutdown }, 'draining');
  await worker.drain();
  return EXIT.ok;
}

type Choice = Pick<WorkerInvocation['settings'], 'echo' | 'lines' | 'handlerFile' | 'threads'>;

/** @throws UsageError unless there is one way to answer requests, and nothing that does not go with it */
function checkHandler(command: readonly string[], { echo, lines, handlerFile, threads }: Choice): void {
  const hasCommand = command.length > 0;
  if (handlerFile !== undefined && (echo || lines || hasCommand)) {
    throw new UsageError('--handler-file goes with neither --echo, --lines nor a command');
  }
  if (handlerFile === undefined && threads !== undefined)
    throw new UsageError('--threads needs --handler-file');
  if (echo && hasCommand) throw new UsageError('--echo takes no command');
  if (echo && lines) throw new UsageError('--lines needs a command, not --echo');
  if (handlerFile !== undefined || echo || hasCommand) return;
  throw new UsageError('a worker needs --echo, --handler-file, or a command behind --');
}

function chooseHandler(command: readonly string[], { echo: isEcho, lines }: Choice) {
  if (isEcho) return echo;
  return lines ? linesOf(command) : wholeOutputOf(command);
}
