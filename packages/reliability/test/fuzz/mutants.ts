import type { Mutant } from '../../src/mutant';

/** A bug in the codec. */
export interface ProtocolMutant extends Mutant {
  /** It makes things slow, and nothing else. */
  readonly timed?: true;
}

/** Bugs that somebody could make, each of which lets something hostile through or takes something good for it. */
export const PROTOCOL_MUTANTS: readonly ProtocolMutant[] = [
  {
    name: 'a record may reach beyond its message',
    file: 'packed/record-reader.ts',
    find: 'if (this.end <= length) return true;',
    replace: 'if (this.start <= length) return true;',
  },
  {
    name: 'a field of bytes may reach beyond its record',
    file: 'packed/record-reader.ts',
    find: 'if (from + length <= this.end) return',
    replace: 'if (from + length <= this.#bytes.length) return',
  },
  {
    name: 'attributes may reach beyond their record',
    file: 'packed/record-reader.ts',
    find: 'if (to > this.end) {',
    replace: 'if (to > this.#bytes.length) {',
  },
  {
    name: 'attributes are not looked at',
    file: 'packed/record-reader.ts',
    find: 'length > METADATA_BYTES_MAX || !areAttributes(this.#bytes, from, to)',
    replace: 'length > METADATA_BYTES_MAX',
  },
  {
    name: 'the fixed part of a record need not be there',
    file: 'packed/record-reader.ts',
    find: 'if (this.end - this.start < fixedBytes) {',
    replace: 'if (this.end < fixedBytes) {',
  },
  {
    name: 'critical flags are ignored',
    file: 'packed/record-reader.ts',
    find: 'return unknown === 0 ||',
    replace: 'return unknown >= 0 ||',
  },
  {
    name: 'the only frame of a body need not fill its record',
    file: 'packed/record-reader.ts',
    find: 'length === left - 6 &&',
    replace: 'length <= left - 6 &&',
  },
  {
    name: 'the count of frames is not held against the bytes that are there',
    file: 'packed/record-reader.ts',
    find: 'else if (2 + 4 * count > left)',
    replace: 'else if (count > left)',
  },
  {
    name: 'a body of no frames is taken',
    file: 'packed/record-reader.ts',
    find: "if (count === 0) this.refuse('no_body', 'a body of no frames');\n    else if",
    replace: 'if',
  },
  {
    name: 'a frame apart may have any length',
    file: 'packed/record-reader.ts',
    find: 'if (frame?.length !== length) {',
    replace: 'if (frame === undefined) {',
  },
  {
    name: 'frames that no body names are let through',
    file: 'packed/record-reader.ts',
    find: 'if (this.#nextApart < this.#frames.length) this',
    replace: 'if (this.#nextApart > this.#frames.length) this',
  },
  {
    name: 'an unknown kind throws',
    file: 'packed/decode.ts',
    find: "if (reader.kind < SKIPPABLE_KIND) reader.refuse('unknown_command', `a record of kind ${reader.kind}`);",
    replace: "if (reader.kind < SKIPPABLE_KIND) throw new Error('unknown kind');",
  },
  {
    name: 'a service may get a number twice',
    file: 'packed/decode.ts',
    find: 'if (number !== this.#names.length || number > this.#most) {',
    replace: 'if (number > this.#names.length || number > this.#most) {',
  },
  {
    name: 'a number that no service has is an empty name',
    file: 'packed/decode.ts',
    find: "if (known === undefined) reader.refuse('bad_service_number', `no service has number ${number}`);\n    return known;",
    replace: "return known ?? '';",
  },
  {
    name: 'request ids may be 0',
    file: 'packed/decode.ts',
    find: "  const id = reader.u32(0);\n  if (id === 0) {\n    reader.refuse('bad_id', 'request ids start at 1');\n    return undefined;\n  }",
    replace: '  const id = reader.u32(0);',
  },
  {
    name: 'priorities are not looked at',
    file: 'packed/decode.ts',
    find: 'if (priority <= PRIORITY_MAX) return priority;',
    replace: 'if (priority <= 255) return priority;',
  },
  {
    name: 'the message of a failure need not be UTF-8',
    file: 'packed/decode.ts',
    find: 'undefined : decodeTextStrictly(messagePart);',
    replace: "undefined : (decodeTextStrictly(messagePart) ?? '');",
  },
  {
    name: 'one wrong record leaves the others in force',
    file: 'packed/decode.ts',
    find: 'return reader.fault ? { ok: false',
    replace: 'return reader.fault && commands.length === 0 ? { ok: false',
  },
  {
    name: 'bytes that are not UTF-8 throw',
    file: 'frame.ts',
    find: '    return strictDecoder.decode(frame);\n  } catch {\n    return undefined;\n  }',
    replace: '    return strictDecoder.decode(frame);\n  } finally {\n    slabUsed = 0;\n  }',
  },
  {
    name: 'names of services may have any length',
    file: 'service-name.ts',
    find: 'name.length === 0 || name.length > SERVICE_BYTES_MAX) return false;',
    replace: 'name.length === 0) return false;',
  },
  {
    name: 'READY may have frames behind its service',
    file: 'dialects/plain.ts',
    find: "if (frames.length > at + 1) return reject('surplus_frames', 'READY has frames after its service');",
    replace: '',
  },
  {
    name: 'the frame after the client address need not be empty',
    file: 'dialects/plain.ts',
    find: "if (end.length > 0) return reject('no_envelope_end', 'the frame after the client address is not empty');",
    replace: '',
  },
  {
    name: 'a plain request needs no body',
    file: 'dialects/plain.ts',
    find: 'return body.length > 0 ? undefined :',
    replace: 'return body.length >= 0 ? undefined :',
  },
  {
    name: 'the frames of a body are read one too far',
    file: 'body.ts',
    find: 'let at = start + 2 + 4 * count;',
    replace: 'let at = start + 3 + 4 * count;',
  },
  {
    name: 'attributes keep a copy of their whole message',
    file: 'packed/record-reader.ts',
    find: 'return new Metadata(copyOf(this.#bytes, from, to));',
    replace: 'return new Metadata(copyOf(this.#bytes, 0, this.#bytes.length).subarray(from, to));',
  },
  {
    name: 'each record costs as much as all before it',
    file: 'packed/decode.ts',
    find: 'if (command) commands.push(command);',
    replace: 'if (command) commands.splice(0, commands.length, ...commands.slice(), command);',
    timed: true,
  },
];

/** A bug in the broker, and what is to be said of it. */
export interface BrokerMutant extends Mutant {
  readonly shows: RegExp;
}

/** Bugs that leave something behind, count wrong, or throw. */
export const BROKER_MUTANTS: readonly BrokerMutant[] = [
  {
    name: 'what is refused is not counted',
    file: 'core/broker-core.ts',
    find: 'this.rejections[rejection.reason]++;',
    replace: "if (rejection.reason !== 'truncated') this.rejections[rejection.reason]++;",
    shows: /counted wrong: truncated: counted 0, sent \d+/,
  },
  {
    name: 'a service outlives its last worker',
    file: 'core/worker-half.ts',
    find: 'service.workers.delete(worker);',
    replace: 'service.workers.delete(service.workers.size === 1 ? (undefined as never) : worker);',
    shows: /left behind: services is \d+, should be 3/,
  },
  {
    name: 'a request is counted twice where it is refused at once',
    file: 'core/intake.ts',
    find: 'this.counters.unserved++;',
    replace: 'this.counters.unserved += 2;',
    shows: /\d+ requests came, and \d+ have ended/,
  },
  {
    name: 'a worker that drains in mid-request throws',
    file: 'core/worker-half.ts',
    find: 'worker.draining = true;',
    replace: "throw new Error('not now');",
    shows: /the broker failed: Error: not now/,
  },
  {
    name: 'a worker that answered is not given anything more',
    file: 'core/worker-half.ts',
    find: 'worker.held.delete(number);',
    replace: '',
    shows: /well-behaved|left behind: inFlight/,
  },
];
