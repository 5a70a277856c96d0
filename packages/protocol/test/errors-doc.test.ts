import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as protocol from '../src/index';

const { BindError, ContractError, ERROR_CODES, MajordomoError } = protocol;
const doc = readFileSync(join(__dirname, '../../../docs/ERRORS.md'), 'utf8');

interface Row {
  readonly code: string;
  readonly name: string;
  readonly retryable: string;
}

const rows = [...doc.matchAll(/^\| `([A-Z_]+)` +\| `(\w+)` +\| (\w+) +\|/gm)].map(
  ([, code, name, retryable]): Row => ({ code: code!, name: name!, retryable: retryable! }),
);

/** Every class of error that says its code itself, made once. */
const errors = Object.values(protocol)
  .filter((value) => typeof value === 'function' && value.prototype instanceof MajordomoError)
  .map((value) => {
    if (value === BindError) return new BindError('tcp://a:1', 'x');
    if (value === ContractError) {
      return new ContractError({ service: 'x', side: 'client', part: 'request', issues: [] });
    }
    return new (value as typeof protocol.TimeoutError)('x');
  });

test('the table has every code and no other', () => {
  expect(rows.map(({ code }) => code)).toEqual([...ERROR_CODES]);
});

test('every code has its section, and there is no other', () => {
  const sections = [...doc.matchAll(/^## `([A-Z_]+)`$/gm)].map(([, code]) => code);
  expect(sections).toEqual([...ERROR_CODES]);
});

test('every section says what to do', () => {
  const sections = doc.split(/^## /m).filter((section) => section.startsWith('`'));
  expect(sections.filter((section) => !section.includes('**What to do:**'))).toEqual([]);
});

test('the table names the class of each code, and says of it what the class says', () => {
  expect(errors.length).toBeGreaterThan(5);
  for (const { code, name, retryable } of errors) {
    const row = rows.find((each) => each.code === code);
    expect(row?.name).toBe(name);
    if (row?.retryable !== 'depends') expect(row?.retryable).toBe(retryable ? 'yes' : 'no');
  }
});

test('a code without a class of its own is said so', () => {
  const classless = rows.filter(({ name }) => name === 'MajordomoError').map(({ code }) => code);
  const classed = new Set<string>(errors.map(({ code }) => code));
  expect(classless).toEqual(ERROR_CODES.filter((code) => !classed.has(code)));
});
