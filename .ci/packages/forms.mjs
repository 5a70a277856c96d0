// One program in all the forms in which users write: the probes are ES modules, and the others are made from them.

const IMPORT = /^import (\{[^}]*\}) from ('[^']+');\n/gm;

/** @param {string} source */
function split(source) {
  return {
    imports: [...source.matchAll(IMPORT)].map(([line]) => line).join(''),
    body: source.replace(IMPORT, ''),
  };
}

/**
 * CommonJS has no `await` at its top level, so the body becomes a function.
 * @param {string} body
 * @param {string} signature
 */
function asFunction(body, signature) {
  return `${signature} {\n${body}}\nmain().catch((error) => {\n  console.error(error);\n  process.exit(1);\n});\n`;
}

/**
 * @param {string} source an ES module in JavaScript
 * @returns {string} the same in CommonJS
 */
export function commonJs(source) {
  const { imports, body } = split(source);
  const requires = imports.replace(IMPORT, (_, names, from) => `const ${names} = require(${from});\n`);
  return requires + asFunction(body, 'async function main()');
}

/**
 * @param {string} source an ES module in JavaScript that is TypeScript as well
 * @returns {string} TypeScript that becomes CommonJS
 */
export function commonJsTypeScript(source) {
  const { imports, body } = split(source);
  return imports + asFunction(body, 'async function main(): Promise<void>');
}
