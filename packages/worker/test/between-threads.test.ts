import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import fc from 'fast-check';
import { Body, InvalidBodyError, isMajordomoError, ServiceError } from '@majordomo/protocol';
import { leakCheck } from '@majordomo/testkit';
import { fromFault, toFault } from '../src/threads/fault';
import { pack, unpack, type Parcel } from '../src/threads/parcel';

leakCheck();

/** What arrives at the other end of a port. */
function pass<Message>(message: Message, transfer: ArrayBuffer[] = []): Message {
  const { port1, port2 } = new MessageChannel();
  port1.postMessage(message, transfer);
  const arrived = receiveMessageOnPort(port2)?.message as Message;
  port1.close();
  return arrived;
}

function passBody(body: Body): { arrived: Body; moved: number } {
  const transfer: ArrayBuffer[] = [];
  const parcel: Parcel = pack(body, transfer);
  return { arrived: unpack(pass(parcel, transfer)), moved: transfer.length };
}

describe('a body', () => {
  test('arrives with its frames as they were, and what it was made of is left alone', () => {
    const frame = fc.uint8Array({ maxLength: 200 });
    const large = fc.integer({ min: 16_000, max: 17_000 }).map((bytes) => new Uint8Array(bytes).fill(7));
    fc.assert(
      fc.property(fc.array(fc.oneof(frame, frame, large), { minLength: 1, maxLength: 5 }), (frames) => {
        const before = frames.map((each) => Buffer.from(each).toString('hex'));
        const { arrived } = passBody(Body.of(frames));
        expect([...arrived].map((each) => Buffer.from(each).toString('hex'))).toEqual(before);
        expect(frames.map((each) => Buffer.from(each).toString('hex'))).toEqual(before);
      }),
    );
  });

  test('of text arrives as text that nobody has encoded', () => {
    expect(passBody(Body.of('Käse')).arrived.unencoded).toBe('Käse');
  });

  test('takes its own bytes along, not the message that they came in', () => {
    const message = Buffer.alloc(1 << 20);
    const parcel = pack(Body.of(message.subarray(10, 20)), []) as readonly Uint8Array[];
    expect(parcel[0]?.buffer.byteLength).toBe(10);
  });

  test('changes hands where it is large, and is cloned where it is small', () => {
    expect(passBody(Body.of(Buffer.alloc(16 * 1_024))).moved).toBe(1);
    expect(passBody(Body.of(Buffer.alloc(16 * 1_024 - 1))).moved).toBe(0);
  });
});

describe('what is thrown', () => {
  const passThrown = (thrown: unknown): unknown => fromFault(pass(toFault(thrown)));

  test('an error keeps its name, message, stack, cause, and plain fields', () => {
    const error = Object.assign(new RangeError('far', { cause: new TypeError('map') }), {
      code: 'E_FAR',
      distance: 7,
      map: { lost: true },
    });
    const arrived = passThrown(error) as typeof error;
    expect(arrived).toBeInstanceOf(Error);
    expect(arrived).toMatchObject({ name: 'RangeError', message: 'far', code: 'E_FAR', distance: 7 });
    expect(arrived.stack).toBe(error.stack);
    expect(arrived.cause).toMatchObject({ name: 'TypeError', message: 'map' });
    expect(arrived.map).toBeUndefined();
    expect(Object.keys(arrived).sort()).toEqual(['code', 'distance']);
  });

  test('a ServiceError stays one, and an error of ours is known by its code', () => {
    const service = passThrown(new ServiceError('SOLD_OUT', 'none', { retryable: true }));
    expect(service).toBeInstanceOf(ServiceError);
    expect(service).toMatchObject({ code: 'SOLD_OUT', message: 'none', retryable: true });
    expect(isMajordomoError(passThrown(new InvalidBodyError('no body')), 'INVALID_BODY')).toBe(true);
  });

  test('causes behind causes are passed on to a bound', () => {
    const chain = (depth: number): Error =>
      new Error(`${depth}`, depth > 0 ? { cause: chain(depth - 1) } : {});
    let last = passThrown(chain(50)) as Error;
    let length = 1;
    for (; last.cause; last = last.cause as Error) length++;
    expect(length).toBe(5);
  });

  test.each<[string, unknown]>([
    ['text', 'oops'],
    ['nothing', undefined],
    ['null', null],
    ['a number', 7],
    ['an object', { code: 7, list: [1] }],
  ])('%s arrives as it is', (_what, value) => {
    expect(passThrown(value)).toEqual(value);
  });

  test.each<[string, unknown]>([
    ['a function', () => undefined],
    ['a symbol', Symbol('x')],
    ['an object that holds one', { call: () => undefined }],
    [
      'an error whose message throws',
      Object.defineProperty(new Error(), 'message', {
        get: () => {
          throw new Error('no');
        },
      }),
    ],
  ])('%s arrives as text that says so', (_what, value) => {
    expect(passThrown(value)).toEqual(expect.stringContaining('cannot be passed between threads'));
  });
});
