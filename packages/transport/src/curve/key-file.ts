import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { InvalidKeyError, isCurveKey, KeyFileError } from '@majordomo/protocol';
import type { KeyPair } from './keys';
import { codeOf } from '../socket-error';

/** What a key file holds. */
export interface KeyFile {
  readonly key: string;
  /** True where others than its owner may read or write it. */
  readonly open: boolean;
}

/** Where a pair was written to. */
export interface KeyFiles {
  readonly secret: string;
  readonly public: string;
}

/** A key file is no larger, whitespace included. */
const FILE_BYTES_MAX = 1_024;
const OTHERS = 0o077;
const SECRET_MODE = 0o600;
const PUBLIC_MODE = 0o644;

function explain(error: unknown): string {
  switch (codeOf(error)) {
    case 'ENOENT':
      return 'there is no such file';
    case 'EACCES':
      return 'permission denied';
    case 'EISDIR':
      return 'it is a folder';
    default:
      return codeOf(error) || String(error);
  }
}

/**
 * Reads a key from a file: 40 characters of Z85, whitespace around them ignored.
 * @throws KeyFileError where it cannot be read
 * @throws InvalidKeyError where it holds no key; what it holds is not told
 */
export async function readKeyFile(path: string): Promise<KeyFile> {
  const { text, mode } = await read(path);
  const key = text.trim();
  if (!isCurveKey(key)) {
    throw new InvalidKeyError(
      `The file ${path} holds no CURVE key: that is 40 characters of Z85, got ${key.length} characters.`,
    );
  }
  return { key, open: process.platform !== 'win32' && (mode & OTHERS) !== 0 };
}

async function read(path: string): Promise<{ text: string; mode: number }> {
  try {
    const { mode, size } = await stat(path);
    if (size <= FILE_BYTES_MAX) return { text: await readFile(path, 'utf8'), mode };
  } catch (cause) {
    throw new KeyFileError(`The key file ${path} cannot be read: ${explain(cause)}.`, { cause });
  }
  throw new InvalidKeyError(
    `The file ${path} holds no CURVE key: it is larger than ${FILE_BYTES_MAX} bytes.`,
  );
}

/**
 * Writes a pair to two files, `base.key` for the secret, which its owner alone may read, and `base.pub`.
 * @param force - true to replace files that are there
 * @throws KeyFileError where a file is there, or cannot be written
 */
export async function writeKeyFiles(base: string, keys: KeyPair, force = false): Promise<KeyFiles> {
  const files: KeyFiles = { secret: `${base}.key`, public: `${base}.pub` };
  if (!force) for (const path of Object.values(files)) await requireFree(path);
  await write(files.secret, keys.secretKey, SECRET_MODE, force);
  await write(files.public, keys.publicKey, PUBLIC_MODE, force);
  return files;
}

async function requireFree(path: string): Promise<void> {
  const isThere = await stat(path).then(
    () => true,
    () => false,
  );
  if (isThere) throw new KeyFileError(`The key file ${path} is there already, and is left as it is.`);
}

async function makeRight(path: string, mode: number): Promise<void> {
  try {
    await chmod(path, mode);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}

async function write(path: string, key: string, mode: number, force: boolean): Promise<void> {
  try {
    // A file that is there keeps its mode: it is made right before it holds the secret.
    if (force) await makeRight(path, mode);
    await writeFile(path, `${key}\n`, { mode, flag: force ? 'w' : 'wx' });
  } catch (cause) {
    const why = codeOf(cause) === 'EEXIST' ? 'it is there already' : explain(cause);
    throw new KeyFileError(`The key file ${path} cannot be written: ${why}.`, { cause });
  }
}
