import * as protocol from '@majordomo/protocol';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { readFlags } from '../flags';
import { runBroker } from '../fuzz/broker-run';
import { readCorpus, writeCase } from '../fuzz/cases';
import { runDecoders } from '../fuzz/decoder-run';
import { runEndpoint } from '../fuzz/endpoint-run';
import { FAST, THOROUGH } from '../fuzz/examiner';
import { decoderLines, failureLines, socketLines, type SocketReport } from '../fuzz/report';
import type { CommandOutcome } from './table';

const TARGETS = ['decoders', 'sessions', 'broker', 'client', 'worker'] as const;
type Target = (typeof TARGETS)[number];

/** Of the messages of a run over all targets, how many each has: a socket takes far fewer in the same time. */
const SHARES: Readonly<Record<Target, number>> = {
  decoders: 0.45,
  sessions: 0.45,
  broker: 0.08,
  client: 0.01,
  worker: 0.01,
};

/** Hostile peers that talk to a broker at one time. */
const PEERS = 8;

/** The 99th percentile of what well-behaved peers wait for an answer, in ms: they share a process with the hostile ones. */
const P99_MS_MAX = 1_000;

const whole = (fallback: string) =>
  z
    .string()
    .default(fallback)
    .transform((text) => text.replaceAll('_', ''))
    .pipe(z.string().regex(/^\d{1,12}$/, 'should be a whole number'))
    .transform(Number);

const flagsSchema = z.strictObject({
  messages: whole('1000000'),
  seed: whole('1'),
  target: z.enum(TARGETS, `should be one of ${TARGETS.join(', ')}`).optional(),
  thorough: z.boolean().default(false),
});

/** As seen from dist. */
const PACKAGE = fileURLToPath(new URL('..', import.meta.url));
/** Cases that are kept. */
const CORPUS = join(PACKAGE, 'corpus');
/** Cases that a run has found, below where the user stands: the good ones go to the corpus. */
const FOUND = join(process.env['INIT_CWD'] ?? process.cwd(), 'fuzz-found');

/** Fuzzes one target or all of them, and shows each when it is done. */
export async function run(flags: Readonly<Record<string, unknown>>): Promise<CommandOutcome> {
  const { messages, seed, target, thorough } = readFlags(flagsSchema, flags);
  const targets: { target: Target; messages: number; passed: boolean }[] = [];
  for (const each of target ? [target] : TARGETS) {
    const share = target ? messages : Math.ceil(messages * SHARES[each]);
    targets.push({ target: each, messages: share, passed: await runTarget(each, share, seed, thorough) });
  }
  return { passed: targets.every(({ passed }) => passed), text: '', report: { seed, targets } };
}

function print(lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}

async function runTarget(
  target: Target,
  messages: number,
  seed: number,
  thorough: boolean,
): Promise<boolean> {
  switch (target) {
    case 'decoders':
    case 'sessions': {
      const thoroughness = thorough ? THOROUGH : FAST;
      const report = runDecoders({
        protocol,
        target,
        seed,
        messages,
        thoroughness,
        timed: true,
        corpus: readCorpus(CORPUS),
      });
      print(decoderLines(report));
      const { failure } = report;
      if (!failure) return true;
      const about = `found by seed ${seed}, ${target}: ${failure.finding.message}`;
      const name = `seed-${seed}-${target}-${failure.messageNumber}`;
      const file = writeCase(FOUND, { name, about, ...failure.talk });
      print(failureLines(report, failure, file));
      return false;
    }
    case 'broker': {
      const report = await runBroker({ seed, messages, peers: PEERS, p99MsMax: P99_MS_MAX });
      print(socketLines(report));
      for (const { number, direction, tongue, messages: said } of report.suspects) {
        const name = `seed-${seed}-conversation-${number}`;
        const about = `was under way when seed ${seed} found: ${report.objections[0] ?? ''}`;
        const talk = { direction, tongue, limits: 'default', messages: said } as const;
        print([`  written to ${writeCase(FOUND, { name, about, ...talk })}`]);
      }
      return holds(report);
    }
    case 'client':
    case 'worker': {
      const report = await runEndpoint({ target, seed, messages });
      print(socketLines(report));
      return holds(report);
    }
  }
}

const holds = ({ objections }: SocketReport): boolean => objections.length === 0;
