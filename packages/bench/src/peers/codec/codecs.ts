import {
  Body,
  decodeAtBroker,
  DEFAULT_LIMITS,
  mdp01,
  mdp02,
  NO_METADATA,
  packedClient,
  packedClientAtBroker,
  packedWorker,
  packedWorkerAtBroker,
  PRIORITY_DEFAULT,
  type ClientToBroker,
  type Frame,
  type PlainDialect,
  type WorkerToBroker,
} from '@majordomo/protocol';

/** One way to write and read records. */
export interface Codec {
  readonly name: string;
  /** Writes and reads `count` records with this body; throws where they do not come through. */
  run(count: number, body: Frame): void;
}

/** One side that writes and one that reads, of a packed session. */
interface PackedPair<Command> {
  readonly writer: { add(command: Command): void; take(): Frame[] };
  readonly reader: {
    decode(
      frames: readonly Frame[],
      limits: typeof DEFAULT_LIMITS,
    ): { readonly ok: boolean; readonly command?: readonly Command[] };
  };
}

/** What a client sends most. */
const request = (id: number, body: Frame): ClientToBroker => ({
  kind: 'request',
  id,
  service: 'echo',
  body: Body.of(body),
  remainingMs: 0,
  window: 0,
  priority: PRIORITY_DEFAULT,
  failFast: false,
  metadata: NO_METADATA,
});

/** What a worker sends most; plain references are text, packed ones numbers. */
const reply = (ref: string | number, body: Frame): WorkerToBroker => ({
  kind: 'final',
  ref,
  body: Body.of(body),
  metadata: NO_METADATA,
});

const PLAIN_ID = 0;
const PLAIN_REF = 'b1946ac9-123456';

function plain({ name, clientToBroker, workerToBroker }: PlainDialect): Codec[] {
  return [
    {
      name: `${name}, requests`,
      run: (count, body) => {
        for (let at = 0; at < count; at++) readPlain(clientToBroker.encode(request(PLAIN_ID, body)));
      },
    },
    {
      name: `${name}, replies`,
      run: (count, body) => {
        for (let at = 0; at < count; at++) readPlain(workerToBroker.encode(reply(PLAIN_REF, body)));
      },
    },
  ];
}

function readPlain(frames: readonly Frame[] | undefined): void {
  if (!frames || !decodeAtBroker(frames).ok) throw new Error('a record did not come through');
}

/** Packed sessions put as many records into a message as there are. */
function packed(together: number): Codec[] {
  const clients = { writer: packedClient(), reader: packedClientAtBroker() };
  const workers = { writer: packedWorker(), reader: packedWorkerAtBroker() };
  return [
    {
      name: `packed, requests, ${together} a message`,
      run: (count, body) => runPacked(clients, together, count, (id) => request(id, body)),
    },
    {
      name: `packed, replies, ${together} a message`,
      run: (count, body) => runPacked(workers, together, count, (id) => reply(id, body)),
    },
  ];
}

function runPacked<Command>(
  { writer, reader }: PackedPair<Command>,
  together: number,
  count: number,
  command: (id: number) => Command,
): void {
  for (let at = 0; at < count; at += together) {
    for (let id = 1; id <= together; id++) writer.add(command(id));
    const decoded = reader.decode(writer.take(), DEFAULT_LIMITS);
    if (decoded.command?.length !== together) throw new Error('records did not come through');
  }
}

/** The codecs, each a row of the table. */
export const CODECS: readonly Codec[] = [...plain(mdp01), ...plain(mdp02), ...packed(1), ...packed(50)];
