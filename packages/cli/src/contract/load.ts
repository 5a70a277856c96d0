import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { contractSnapshot, isContract, readSnapshot, type ContractSnapshot } from '@majordomo/contracts';
import { isMajordomoError } from '@majordomo/protocol';
import { UsageError } from '../exit';

/**
 * The contracts in a file: snapshots, one or a list of them, where its name ends in `.json`; else a module that exports
 * contracts, by whatever names.
 * @throws UsageError naming the file, and why it has none
 */
export async function loadContracts(path: string): Promise<readonly ContractSnapshot[]> {
  const values = path.endsWith('.json') ? [await readJson(path)].flat() : await contractsIn(path);
  const snapshots = values.map((value) => {
    try {
      return isContract(value) ? contractSnapshot(value) : readSnapshot(value);
    } catch (error) {
      if (isMajordomoError(error)) throw new UsageError(`${path}: ${error.message}`);
      throw error;
    }
  });
  if (snapshots.length === 0)
    throw new UsageError(`${path} has no contract: export what defineService makes`);
  const names = snapshots.map(({ name }) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw new UsageError(`${path} has two contracts of ${twice}`);
  return snapshots;
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** What a module exports, by its names or in lists and objects, once each. */
async function contractsIn(path: string): Promise<readonly unknown[]> {
  let exported: Record<string, unknown>;
  try {
    exported = await import(pathToFileURL(resolve(path)).href);
  } catch (error) {
    throw unreadable(path, error);
  }
  const values = Object.values(exported).flatMap((value) =>
    typeof value === 'object' && value !== null && !isContract(value) ? Object.values(value) : [value],
  );
  return [...new Set(values)].filter(isContract);
}

function unreadable(path: string, error: unknown): UsageError {
  const { code } = error as NodeJS.ErrnoException;
  // A module that is there and imports one that is not has the same code.
  if (code === 'ENOENT' || (code === 'ERR_MODULE_NOT_FOUND' && !existsSync(path)))
    return new UsageError(`${path} does not exist`);
  const advice =
    code === 'ERR_UNKNOWN_FILE_EXTENSION'
      ? '; this version of Node loads no TypeScript: compile it, or take a snapshot where it runs'
      : '';
  return new UsageError(
    `${path} cannot be loaded: ${error instanceof Error ? error.message : String(error)}${advice}`,
  );
}
