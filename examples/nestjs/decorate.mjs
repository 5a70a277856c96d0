/**
 * @typedef {(target: any, name?: any, descriptor?: any) => unknown} Decorator
 */

/**
 * Applies decorators as the TypeScript compiler does.
 * @param {Function} target - the class
 * @param {readonly Decorator[]} decorators - of the class and of the parameters of its constructor
 * @param {Record<string, readonly Decorator[]>} [methods] - of its methods and of their parameters
 */
export function decorate(target, decorators, methods = {}) {
  for (const decorator of decorators) decorator(target);
  for (const [name, list] of Object.entries(methods)) {
    const descriptor = Object.getOwnPropertyDescriptor(target.prototype, name);
    if (!descriptor) throw new TypeError(`${target.name} has no method ${name}`);
    for (const decorator of list) decorator(target.prototype, name, descriptor);
  }
}

/**
 * The decorator of a parameter, to stand among those of its method or class.
 * @param {number} index - 0 for the first
 * @param {Decorator} decorator
 * @returns {Decorator}
 */
export function parameter(index, decorator) {
  return (target, name) => decorator(target, name, index);
}
