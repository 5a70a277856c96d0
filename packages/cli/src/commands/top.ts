import { stdin, stdout } from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import type { Invocation } from '../command';
import { EXIT, type ExitCode } from '../exit';
import type { Output } from '../output';
import { readToken } from '../settings/token-file';
import { press } from '../top/keys';
import { Screen } from '../top/screen';
import { look, type Reach, type Snapshot } from '../top/snapshot';
import { incidentLines, screenful, servicesTable, sorted, summary, type View } from '../top/view';

const SECOND_MS = 1_000;
const INCIDENTS_PRINTED = 10;

type Setting = 'http' | 'httpTokenFile' | 'sort' | 'once' | 'timeoutMs' | 'json';

/** `majordomo top`: what a broker does, once a second until somebody has seen enough. */
export async function run({ settings, output }: Invocation<Setting>): Promise<ExitCode> {
  const { http = '', httpTokenFile, timeoutMs, json, once, sort } = settings;
  const token = httpTokenFile === undefined ? undefined : await readToken(httpTokenFile);
  const reach = { http, token, timeoutMs };
  const view: View = { sort, turned: false, scroll: 0, paused: false };
  if (json) await output.json((await look(reach, true)).raw);
  else if (once || !stdin.isTTY || !stdout.isTTY)
    await print((await look(reach, false)).snapshot, view, output);
  else await watch(reach, view);
  return EXIT.ok;
}

/** All of it as text, for those who read it later. */
async function print(snapshot: Snapshot, view: View, output: Output): Promise<void> {
  const lines = [...summary(snapshot), '', servicesTable(sorted(snapshot.services, view), view)];
  const incidents = incidentLines(snapshot, INCIDENTS_PRINTED);
  if (incidents.length > 0) lines.push('', ...incidents);
  await output.line(lines.join('\n'));
}

/** Takes the terminal until a key or a signal gives it back. */
async function watch(reach: Reach, first: View): Promise<void> {
  // What cannot be shown at all is said before the terminal is taken.
  let { snapshot } = await look(reach, false);
  let view = first;
  let trouble = '';
  const screen = new Screen(stdin, stdout);
  const ending = new AbortController();
  const end = (): void => ending.abort();
  const draw = (): void => {
    screen.draw(screenful(snapshot, view, screen.size, trouble));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, end);
  stdout.on('resize', draw);
  try {
    screen.enter((key) => {
      const next = press(view, key, snapshot.services.length);
      if (next === 'end') end();
      else view = next;
      draw();
    });
    draw();
    while (!ending.signal.aborted) {
      await delay(SECOND_MS, undefined, { signal: ending.signal }).catch(() => undefined);
      if (ending.signal.aborted || view.paused) continue;
      try {
        ({ snapshot } = await look(reach, false, ending.signal));
        trouble = '';
      } catch (error) {
        if (ending.signal.aborted) break;
        trouble = error instanceof Error ? error.message : String(error);
      }
      draw();
    }
  } finally {
    stdout.off('resize', draw);
    screen.leave();
  }
}
