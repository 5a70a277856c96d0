import { fstatSync } from 'node:fs';
import type { SubmitOptions, TitanicClient } from '@majordomo/titanic';
import type { Invocation } from '../command';
import { askTitanic } from '../durable/ask';
import { printResult } from '../durable/reply';
import { submissionOf } from '../durable/submission';
import { submitLines } from '../durable/submit-lines';
import { awaitOutcome } from '../durable/waiting';
import { EXIT, UsageError, type ExitCode } from '../exit';
import { counted, trimmed } from '../format';
import { complain } from '../output';
import { readBody } from '../request/body';
import { chooseFormat } from '../request/choose-format';
import { NO_PROGRESS, startProgress, type Progress } from '../request/progress';
import type { ReachSetting } from './reach-settings';
import type { SubmissionSetting } from './submission-settings';

type SubmitInvocation = Invocation<
  ReachSetting | SubmissionSetting | 'jsonLines' | 'wait' | 'waitMax' | 'raw'
>;

/** `majordomo submit`: stores a request, or many; prints their UUIDs, or waits for the reply and prints that. */
export async function run(invocation: SubmitInvocation): Promise<ExitCode> {
  const { settings } = invocation;
  const options = submissionOf(settings);
  if (!settings.wait && settings.waitMax !== undefined) throw new UsageError('--wait-max needs --wait');
  if (!settings.wait && settings.raw) throw new UsageError('--raw needs --wait');
  return settings.jsonLines ? submitMany(invocation, options) : submitOne(invocation, options);
}

async function submitOne(
  { args: [service, ...texts], settings, output }: SubmitInvocation,
  options: SubmitOptions,
): Promise<ExitCode> {
  const { wait, waitMax, json } = settings;
  if (service === undefined) throw new UsageError('name the service to submit to');
  if (wait && options.cron)
    throw new UsageError('--wait and --cron exclude each other: a schedule has no reply');
  const format = chooseFormat(settings);
  const body = await readBody(texts, process.stdin);
  return askTitanic(settings, async (titanic) => {
    const submitted = await titanic.submit(service, body, options);
    if (!wait) {
      await (json ? output.json(submitted) : output.line(submitted.id));
      return EXIT.ok;
    }
    if (process.stderr.isTTY) complain(`submitted as ${submitted.id}`);
    return printResult(await awaitOutcome(titanic, submitted.id, waitMax), format, output);
  });
}

/** The UUIDs go to standard output as they come, a line each; how many there were to standard error. */
async function submitMany(
  { args: [service, ...others], settings, output }: SubmitInvocation,
  options: SubmitOptions,
): Promise<ExitCode> {
  const { json, wait } = settings;
  if (others.length > 0)
    throw new UsageError('--json-lines has the bodies in its lines, and takes none beside');
  if (wait) throw new UsageError('--json-lines and --wait exclude each other');
  if (options.id !== undefined) throw new UsageError('--json-lines and --id exclude each other');
  const submit = async (titanic: TitanicClient) => {
    const bar = startBar();
    try {
      return await submitLines(titanic, process.stdin, { ...options, service }, async (submitted, bytes) => {
        bar.update(bytes);
        for (const each of submitted) await (json ? output.json(each) : output.line(each.id));
      });
    } finally {
      bar.stop();
    }
  };
  const { requests, duplicates } = await askTitanic(settings, submit);
  const before = duplicates > 0 ? `, ${trimmed(duplicates)} of which were there before` : '';
  complain(`${counted(requests, 'request')} submitted${before}`);
  return EXIT.ok;
}

/** A bar over the bytes of a file; of what comes out of a pipe nobody knows how much it is. */
function startBar(): Progress {
  const { size } = fstatSync(process.stdin.fd);
  return size > 0 && !process.stdout.isTTY ? startProgress(size) : NO_PROGRESS;
}
