import { Arrivals } from '../../load/arrivals';
import type { PartParams, RunningPart } from '../part';
import { connectTo, SUBJECT } from './connection';

export async function start(params: PartParams): Promise<RunningPart> {
  const arrivals = new Arrivals();
  const connection = await connectTo(params);
  connection.subscribe(SUBJECT, {
    callback: (error) => {
      if (error) throw error;
      arrivals.add();
    },
  });
  await connection.flush();
  return {
    answers: { received: ({ count }) => arrivals.expect(count) },
    close: () => connection.close(),
  };
}
