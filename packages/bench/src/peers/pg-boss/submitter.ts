import { BodyText } from '../../load/submissions';
import type { PartParams, RunningPart } from '../part';
import { submitterPart } from '../submitter-part';
import { QUEUES, startBoss } from './settings';

/** Adds jobs by `send` or `insert`. */
export async function start(params: PartParams): Promise<RunningPart> {
  const boss = await startBoss(params);
  const texts = new BodyText();
  return submitterPart({
    submit: (destination, body, count) => {
      const name = QUEUES[destination];
      const data = { text: texts.of(body) };
      if (count === 1) return boss.send(name, data);
      return boss.insert(Array.from({ length: count }, () => ({ name, data })));
    },
    close: () => boss.stop({ graceful: false }),
  });
}
