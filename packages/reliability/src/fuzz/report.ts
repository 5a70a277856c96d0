import type { BrokerReport } from './broker-run';
import type { DecoderReport, Failure } from './decoder-run';
import type { EndpointReport } from './endpoint-run';
import type { Memory } from './watch';

/*
 * What runs say to people.
 */

/** What came of a run over sockets. */
export type SocketReport = BrokerReport | EndpointReport;

/** Bytes of a frame that are shown; the case file has them all. */
const SHOWN_BYTES = 256;

const number = (value: number): string => Math.round(value).toLocaleString('en-US');
const mib = (bytes: number): string => `${(bytes / 1_024 / 1_024).toFixed(1)} MiB`;

function counts(of: Iterable<readonly [string, number]>): string {
  const shown = [...of].filter(([, count]) => count > 0).sort(([, left], [, right]) => right - left);
  return shown.map(([name, count]) => `${name} ${number(count)}`).join(', ');
}

/** A run through the decoders. */
export function decoderLines({ target, seed, seconds, tally, slowest, retried }: DecoderReport): string[] {
  const { messages, bytes, accepted, refused } = tally;
  return [
    `${target}, seed ${seed}: ${number(messages)} messages, ${mib(bytes)} in ${seconds.toFixed(1)} s (${number(messages / seconds)}/s)`,
    `  taken ${number(accepted)}; refused: ${counts(refused)}`,
    `  slowest ${slowest.ms.toFixed(2)} ms, for ${number(slowest.frames)} frames of ${number(slowest.bytes)} bytes; tried again for being slow: ${retried}`,
  ];
}

/** What a run found wrong, with what it takes to see it again. */
export function failureLines({ target, seed }: DecoderReport, failure: Failure, file: string): string[] {
  const { finding, messageNumber, talk } = failure;
  const { direction, tongue, limits, messages } = talk;
  return [
    `  FOUND ${finding.message}`,
    `  seed ${seed}, target ${target}, message ${messageNumber + finding.messageIndex}; ${tongue} ${direction}, limits ${limits}; cut down to:`,
    ...messages.flatMap((frames, index) =>
      frames.map((frame) => `    message ${index}: ${shownFrame(frame)}`),
    ),
    `  written to ${file}`,
  ];
}

function shownFrame(frame: Buffer): string {
  const more = frame.length - SHOWN_BYTES;
  const hex = frame.toString('hex', 0, SHOWN_BYTES);
  return more > 0 ? `${hex}… and ${more} bytes` : `${hex || '(empty)'}`;
}

const shownMemory = ({ heldBytes, rssBytes }: Memory): string =>
  `${mib(heldBytes)} held, ${mib(rssBytes)} resident`;

/** A run over sockets. */
export function socketLines(report: SocketReport): string[] {
  const { target, seed, seconds, messages, bytes, memory, objections } = report;
  const lines = [
    `${target}, seed ${seed}: ${number(messages)} messages over sockets, ${mib(bytes)} in ${seconds.toFixed(1)} s (${number(messages / seconds)}/s)`,
  ];
  if (report.target === 'broker') {
    const { conversations, rejections, protocolErrors, counters, bystanders } = report;
    lines.push(
      `  ${number(conversations)} conversations; refused: ${counts(Object.entries(rejections))}`,
      `  out of place: ${number(protocolErrors)}; counters: ${counts(Object.entries(counters))}`,
      `  well-behaved peers: ${number(bystanders.requests)} requests answered, p50 ${bystanders.p50.toFixed(1)} ms, p99 ${bystanders.p99.toFixed(1)} ms, longest ${bystanders.max.toFixed(1)} ms`,
    );
  } else {
    const { connections, outcomes, rejected } = report;
    lines.push(
      `  ${number(connections)} connections, ${number(rejected)} closed for what came; requests: ${counts(Object.entries(outcomes))}`,
    );
  }
  lines.push(
    `  memory: ${shownMemory(memory.afterWarmUp)} after the warm-up; ${shownMemory(memory.atTheEnd)} at the end`,
  );
  return [...lines, ...objections.map((line) => `  FOUND ${line}`)];
}
