import { Worker } from '@majordomo/worker';
import type { Invocation } from '../command';
import { EXIT, UsageError, type ExitCode } from '../exit';
import { createLogger } from '../log';
import { untilShutdown } from '../signals';
import { requireExecutable } from '../worker/executable';
import { echo, linesOf, wholeOutputOf } from '../worker/handlers';

type WorkerInvocation = Invocation<
  | 'broker'
  | 'echo'
  | 'lines'
  | 'concurrency'
  | 'protocol'
  | 'heartbeatMs'
  | 'liveness'
  | 'drainTimeoutMs'
  | 'logLevel'
>;

/** `majordomo worker`: serves until a signal asks for the end, then drains. */
export async function run({ args, settings, output }: WorkerInvocation): Promise<ExitCode> {
  const { broker: brokers, echo, lines, logLevel, ...options } = settings;
  const [service = '', ...command] = args;
  const handler = chooseHandler(command, echo, lines);
  if (!echo) await requireExecutable(command[0] ?? '');
  const logger = await createLogger(logLevel);
  const worker = new Worker(service, handler, { ...options, brokers, logger });
  worker.on('registered', ({ broker }) => {
    void output.line(`majordomo worker ${service} registered with ${broker}`);
  });
  const shutdown = untilShutdown();
  await worker.start();
  logger.info({ event: 'shutdown', signal: await shutdown }, 'draining');
  await worker.drain();
  return EXIT.ok;
}

function chooseHandler(command: readonly string[], isEcho: boolean, byLines: boolean) {
  if (isEcho && command.length > 0) throw new UsageError('--echo takes no command');
  if (isEcho && byLines) throw new UsageError('--lines needs a command, not --echo');
  if (isEcho) return echo;
  if (command.length === 0) throw new UsageError('a worker needs --echo, or a command behind --');
  return byLines ? linesOf(command) : wholeOutputOf(command);
}
