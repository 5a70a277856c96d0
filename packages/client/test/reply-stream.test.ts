import { Body, NO_METADATA, TimeoutError } from '@majordomo/protocol';
import { ReplyStream } from '../src/reply-stream';

function stream(bufferMax = 3) {
  const control = { taken: jest.fn(), empty: jest.fn(), left: jest.fn() };
  const replies = new ReplyStream(bufferMax, control);
  const push = (text: string) => replies.partial(Body.of(text), NO_METADATA);
  const end = (text: string) => replies.replied(Body.of(text), NO_METADATA);
  return { replies, push, end, control };
}

async function texts(replies: ReplyStream): Promise<string[]> {
  const read: string[] = [];
  for await (const { kind, body } of replies) read.push(`${kind} ${body.text()}`);
  return read;
}

test('what came before it is read is kept in order', async () => {
  const { replies, push, end } = stream(10);
  push('a');
  push('b');
  end('c');
  expect(await texts(replies)).toEqual(['partial a', 'partial b', 'final c']);
  expect(await replies.next()).toEqual({ done: true, value: undefined });
});

test('a reader that waits gets each message as it comes', async () => {
  const { replies, push, end, control } = stream();
  const all = texts(replies);
  for (const text of ['a', 'b', 'c', 'd', 'e']) {
    expect(push(text)).toBe(true);
    await new Promise((resolve) => setImmediate(resolve));
  }
  end('f');
  expect(await all).toHaveLength(6);
  expect(control.empty).not.toHaveBeenCalled();
});

test('a full buffer says so, and once more when it has been read out', async () => {
  const { replies, push, control } = stream(3);
  expect([push('a'), push('b'), push('c')]).toEqual([true, true, false]);
  await replies.next();
  await replies.next();
  expect(control.empty).not.toHaveBeenCalled();
  await replies.next();
  expect(control.empty).toHaveBeenCalledTimes(1);
  expect(push('d')).toBe(true);
});

test('it stays full until it has been read out, whatever still comes', async () => {
  const { replies, push, control } = stream(2);
  push('a');
  push('b');
  await replies.next();
  expect(push('c')).toBe(false);
  await replies.next();
  await replies.next();
  expect(control.empty).toHaveBeenCalledTimes(1);
});

test('several that ask at once are answered in turn, and all of them at the end', async () => {
  const { replies, push, end } = stream();
  const asked = [1, 2, 3, 4].map(() => replies.next());
  push('a');
  push('b');
  end('c');
  const answers = await Promise.all(asked);
  expect(answers.map(({ done, value }) => (done ? 'done' : value.body.text()))).toEqual([
    'a',
    'b',
    'c',
    'done',
  ]);
});

test('an error comes after what was received before it, once', async () => {
  const { replies, push } = stream();
  push('a');
  replies.fail(new TimeoutError('too late'));
  replies.fail(new TimeoutError('twice'));
  expect((await replies.next()).done).toBe(false);
  await expect(replies.next()).rejects.toThrow('too late');
  expect(await replies.next()).toEqual({ done: true, value: undefined });
});

test('leaving early is told once, and ends all who wait', async () => {
  const { replies, push, control } = stream();
  push('a');
  for await (const { body } of replies) {
    expect(body.text()).toBe('a');
    break;
  }
  expect(control.left).toHaveBeenCalledTimes(1);
  await replies.return();
  expect(control.left).toHaveBeenCalledTimes(1);
  expect(push('late')).toBe(true);
  expect(await replies.next()).toEqual({ done: true, value: undefined });
});

test('leaving while a message is awaited ends that wait', async () => {
  const { replies, control } = stream();
  const waiting = replies.next();
  await replies.return();
  expect(await waiting).toEqual({ done: true, value: undefined });
  expect(control.left).toHaveBeenCalledTimes(1);
});

test('leaving after the FINAL came withdraws nothing', async () => {
  const { replies, end, control } = stream();
  end('a');
  await replies.return();
  expect(control.left).not.toHaveBeenCalled();
});
