/** How deep lists and objects may be nested: validators are recursive, and a stack is not endless. */
export const DEPTH_MAX = 100;

/** What is wrong with something nested too deep. */
export const TOO_DEEP = `it is nested deeper than ${DEPTH_MAX} levels`;

/**
 * The key that is refused wherever it stands: harmless where it came from, and a way to the prototype of whatever it is
 * copied to, key by key.
 */
export const PROTO = '__proto__';

/** What is wrong with a key like that. */
export const HAS_PROTO = `the key ${PROTO} is not taken`;
