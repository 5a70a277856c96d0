// The tables of options, each in the README of the package whose options they are. The last column is written by people.
import { factsOf, isNullable, jsonOf, keysWithin } from './facts.mjs';
import { table, writtenIn } from './regions.mjs';
import { literal, unitOf, wrapped } from './words.mjs';

/** @typedef {import('./facts.mjs').Fact} Fact */
/** @typedef {import('./facts.mjs').JsonSchema} JsonSchema */
/** @typedef {import('./sources.mjs').Sources} Sources */
/** @typedef {Readonly<Record<string, string>>} Words */

/**
 * A table of options.
 * @typedef {object} OptionTable
 * @property {string} file - where it stands
 * @property {string} name - of its region
 * @property {readonly Fact[]} facts
 * @property {Words} [fallbacks] - for people, in place of what the schema says
 */

/** What schemas take that have no words for it, by the last part of the name. */
const TAKES = {
  anonymous: 'role, or `null`',
  at: 'ms since 1970, or ISO 8601 with an offset',
  brokers: 'endpoint, or a list',
  durable: 'durable work',
  encodeError: 'function',
  errors: 'schemas by code',
  file: 'path',
  handlerFile: 'path, or `file:` URL',
  http: '`HOST:PORT`',
  httpToken: '16 – 4,096 characters of ASCII',
  id: 'UUID, 32 hex characters',
  idPrefix: '1 – 32 hex characters',
  logger: 'logger',
  metrics: 'registry of prom-client',
  mmi: '`true`, `false`, or a list of names',
  name: '1 – 100 printable characters',
  policy: 'policy',
  progress: 'schema',
  publicKey: 'Z85, 40 characters',
  reply: 'schema',
  request: 'list of patterns',
  roles: 'list of roles',
  schema: 'lower-case name, up to 41 characters',
  secretKey: 'Z85, 40 characters',
  serve: 'list of patterns',
  serverKey: 'Z85, 40 characters',
  services: 'rules by service',
  signal: 'AbortSignal',
  store: 'store',
  toJsonSchema: 'function',
  traceparent: 'traceparent',
  tracing: '`@opentelemetry/api`',
  url: '`postgres://…`',
};

/** @param {string} name */
const wordFor = (name) => /** @type {Words} */ (TAKES)[name];

/** What schemas make of nothing that is not for people. */
const FALLBACKS = { logger: 'silent' };

/** @param {Sources} sources @returns {OptionTable[]} */
export function optionTables(sources) {
  const { z, connectionOptions } = sources;
  /** @param {import('zod').ZodType} schema @param {readonly string[]} [without] */
  const facts = (schema, without = []) =>
    factsOf(jsonOf(schema, z)).filter(({ key }) => !without.includes(key.split('.')[0] ?? ''));
  const worker = facts(sources.workerOptionsSchema);
  const threaded = Object.keys(sources.workerOptionsSchema.shape).filter((key) => key !== 'concurrency');
  const ofTitanic = 'packages/titanic/README.md';
  const ofService = 'that of its service';
  return [
    {
      file: 'packages/broker/README.md',
      name: 'options of a broker',
      facts: brokerFacts(sources),
      fallbacks: { bind: `\`${sources.brokerOptionsSchema.parse({}).bind[0]?.endpoint}\`` },
    },
    { file: 'packages/broker/README.md', name: 'a policy', facts: policyFacts(sources) },
    {
      file: 'packages/client/README.md',
      name: 'options of a client',
      facts: facts(sources.clientOptionsSchema),
    },
    {
      file: 'packages/client/README.md',
      name: 'options of a request',
      facts: facts(sources.requestOptionsSchema),
      fallbacks: requestFallbacks(sources),
    },
    { file: 'packages/worker/README.md', name: 'options of a worker', facts: worker },
    {
      file: 'packages/worker/README.md',
      name: 'options of a worker with threads',
      facts: facts(sources.threadedWorkerOptionsSchema, threaded),
      // What the schema says is of the machine that it is asked on.
      fallbacks: { threads: 'processors − 1', concurrency: 'as `threads`' },
    },
    {
      file: ofTitanic,
      name: 'options of a titanic',
      facts: facts(sources.titanicOptionsSchema, Object.keys(connectionOptions)),
      fallbacks: { owner: 'host:process' },
    },
    {
      file: ofTitanic,
      name: 'options of a submission',
      facts: facts(sources.submissionSchema, ['service']),
      fallbacks: {
        at: 'now',
        id: 'made by the client',
        progress: '`false`',
        keyWindowMs: 'that of titanic',
        ttlMs: ofService,
        attempts: ofService,
        backoffMinMs: ofService,
        backoffMaxMs: ofService,
        timeoutMs: ofService,
      },
    },
    { file: ofTitanic, name: 'options of a list', facts: facts(sources.listSchema) },
    {
      file: ofTitanic,
      name: 'options of a store in SQLite',
      facts: facts(sources.sqliteStoreOptionsSchema),
      fallbacks: { fileBytesMax: 'what the disk has' },
    },
    {
      file: ofTitanic,
      name: 'options of a store in PostgreSQL',
      facts: facts(sources.postgresStoreOptionsSchema),
    },
    { file: 'packages/contracts/README.md', name: 'a contract', facts: contractFacts(sources) },
  ];
}

/** @param {Sources} sources @returns {Fact[]} */
function brokerFacts({ brokerOptionsSchema, z }) {
  const json = jsonOf(brokerOptionsSchema, z);
  const inFull = keysWithin(json.properties?.['bind']).join(', ');
  const bind = `endpoint, \`{ ${inFull} }\`, or a list of those`;
  return factsOf(json).map((fact) => (fact.key === 'bind' ? { ...fact, takes: bind } : fact));
}

/** A role, a key, and who has proven none. @param {Sources} sources */
function policyFacts({ policySchema, z }) {
  const { roles, keys, ...others } = jsonOf(policySchema, z).properties ?? {};
  return [
    ...factsOf(roles?.additionalProperties ?? {}, 'roles.NAME.'),
    ...factsOf(keys?.additionalProperties ?? {}, 'keys.KEY.'),
    ...factsOf({ properties: others }),
  ];
}

/** What a request is sent with where it says nothing. @param {Sources} sources @returns {Words} */
function requestFallbacks({ clientOptionsSchema, Terms }) {
  const { priority, idempotent, failFast } = new Terms(clientOptionsSchema.parse({})).of(undefined, false);
  const ofClient = 'that of the client';
  return {
    timeoutMs: ofClient,
    retries: ofClient,
    priority: literal(priority, ''),
    idempotent: literal(idempotent, ''),
    failFast: literal(failFast, ''),
  };
}

/** @param {Sources} sources @returns {Fact[]} */
function contractFacts({ CONTENT_TYPES, DEFINITION_KEYS, defineService, z }) {
  const made = defineService({ name: 'x', request: z.void(), reply: z.void() });
  const required = ['name', 'request', 'reply'];
  /** @type {Words} */
  const takes = {
    name: '1 – 255 bytes of UTF-8',
    request: 'schema',
    encoding: Object.keys(CONTENT_TYPES)
      .map((encoding) => `\`${encoding}\``)
      .join(', '),
  };
  return DEFINITION_KEYS.map((key) => ({
    key,
    takes: takes[key],
    fallback: key === 'encoding' ? made.encoding : undefined,
    required: required.includes(key),
  }));
}

/**
 * A table of options: what it takes and its default by the code, and why one would change it as it stands there. An
 * option that is new comes last, with nothing said of it.
 * @param {OptionTable} options
 * @param {string} before
 */
export function optionRegion({ facts, fallbacks = {} }, before) {
  const written = writtenIn(before);
  const known = new Map(facts.map((fact) => [fact.key, fact]));
  const keys = new Set([...[...written.keys()].filter((key) => known.has(key)), ...known.keys()]);
  const rows = [...keys].map((key) => {
    const fact = /** @type {Fact} */ (known.get(key));
    return [`\`${key}\``, takesOf(fact), fallbackOf(fact, fallbacks), written.get(key) ?? ''];
  });
  return table(['Option', 'Takes', 'Default', 'What it does, and why change it'], rows);
}

/** @param {Fact} fact */
function takesOf({ key, takes }) {
  const words = takes ?? wordFor(key.split('.').at(-1) ?? '');
  if (words !== undefined) return words;
  throw new Error(`The schema does not say what ${key} takes: say it in .ci/docs/reference/options.mjs.`);
}

/**
 * @param {Fact} fact
 * @param {Words} fallbacks
 */
export function fallbackOf({ key, fallback, required }, fallbacks = {}) {
  const parent = key.includes('.') ? key.slice(0, key.lastIndexOf('.')) : undefined;
  if (required) return parent === undefined ? 'required' : `required in \`${parent}\``;
  const words = fallbacks[key] ?? /** @type {Words} */ (FALLBACKS)[key];
  if (words !== undefined) return words;
  return fallback === undefined ? '–' : literal(fallback, unitOf(key));
}

/** What a request that is stored may be changed in: part of what was submitted. @param {Sources} sources */
export function changesRegion({ editSchema, z }) {
  const { properties = {} } = jsonOf(editSchema, z);
  const names = Object.keys(properties).filter((name) => name !== 'id');
  const back = names.filter((name) => isNullable(properties[name]));
  const listed = (/** @type {string[]} */ those) => those.map((name) => `\`${name}\``).join(', ');
  return wrapped(
    `\`edit\` changes the body, ${listed(names)}. What is left out stays; with \`null\`, ${listed(back)} go back to what ` +
      'holds where nobody says anything.',
  );
}

/** Options of which nothing is said. @param {string} text @returns {string[]} */
export function unsaid(text) {
  return [...writtenIn(text)].filter(([, words]) => words === '').map(([key]) => key);
}
