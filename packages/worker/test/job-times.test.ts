import { TimeHistogram } from '@majordomo/protocol';
import { nextTick } from 'node:process';
import { JobTimes } from '../src/job-times';

const turn = (): Promise<void> => new Promise((resolve) => nextTick(resolve));

test('few jobs of a turn are measured each, of very many every eighth counts for eight', async () => {
  const times = new JobTimes(new TimeHistogram());
  const weights = Array.from({ length: 24 }, () => times.begin());
  expect(weights).toEqual([...Array<number>(8).fill(1), 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 8]);
  await turn();
  expect([times.begin(), times.begin()]).toEqual([1, 1]);
});

test('what is measured is recorded with what it counts for', () => {
  const histogram = new TimeHistogram();
  const times = new JobTimes(histogram);
  times.end(8, 2);
  times.end(1, 100);
  expect([histogram.count, histogram.sumMs]).toEqual([9, 116]);
});
