import { messageOf } from './errors';
import { ownUsage } from './peers/own-usage';
import type { Part, PartParams, RunningPart } from './peers/part';
import { partOf } from './peers/parts';
import type { Answers, Asked, Said } from './processes/questions';

/* The program of every child process: plays the part that its one argument names, and answers its parent. */

const { peer, part, params } = JSON.parse(process.argv[2] ?? '{}') as {
  peer: string;
  part: Part;
  params: PartParams;
};

/** What every child answers, whatever it plays. */
const common: Answers = {
  usage: ({ gc }) => ownUsage(gc),
  prepare: () => undefined,
};

function say(said: Said): void {
  process.send?.(said);
}

function leave(): never {
  process.exit(0);
}

async function answer(answers: Answers, { id, question, argument }: Asked): Promise<void> {
  try {
    const handler = answers[question] as ((argument: unknown) => unknown) | undefined;
    if (!handler) throw new Error(`it knows no answer to ‘${question}’`);
    say({ kind: 'answer', id, answer: await handler(argument) });
  } catch (error) {
    say({ kind: 'failed', id, reason: messageOf(error) });
  }
}

// Without a parent there is nothing to play for, not even halfway through the start.
process.once('disconnect', leave);
// What has to end with this process does so on its `exit`.
process.on('SIGTERM', leave);
// A Ctrl-C in a terminal reaches every process of the group; the parent sees to its children.
process.on('SIGINT', () => undefined);

const running: RunningPart = await (await partOf(peer, part)).start(params);
// The parent is gone or wants this to end: what a part started itself must end with it.
process.off('disconnect', leave);
process.once('disconnect', () => {
  void Promise.resolve(running.close())
    .catch(() => undefined)
    .then(() => process.exit(0));
});
const answers: Answers = { ...common, ...running.answers };
process.on('message', (asked: Asked) => void answer(answers, asked));
say({ kind: 'ready', address: running.address ?? '' });
