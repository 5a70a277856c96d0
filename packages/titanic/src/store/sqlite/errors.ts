import {
  isMajordomoError,
  StoreFullError,
  StoreInvalidError,
  StoreUnavailableError,
  type MajordomoError,
} from '@majordomo/protocol';

/** SQLite's own code of an error, such as `SQLITE_FULL`; empty for any other error. */
function sqliteCode(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' && code.startsWith('SQLITE_') ? code : '';
}

/** The typed error for what SQLite or the file system threw. */
export function storeError(error: unknown, file: string): MajordomoError {
  if (isMajordomoError(error)) return error;
  const code = sqliteCode(error);
  const text = error instanceof Error ? error.message : String(error);
  const options = { cause: error };
  if (code.startsWith('SQLITE_FULL')) {
    return new StoreFullError(
      `There is no room for more in ${file}, nor on its disk; nothing was stored.`,
      options,
    );
  }
  if (code.startsWith('SQLITE_NOTADB')) {
    return new StoreInvalidError(`${file} is no SQLite database; it was left as it is.`, options);
  }
  if (code.startsWith('SQLITE_CORRUPT')) {
    return new StoreInvalidError(`${file} is damaged (${text}): restore it from a copy.`, options);
  }
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) {
    return new StoreUnavailableError(
      `${file} is in use by another process: a SQLite store serves one titanic at a time.`,
      options,
    );
  }
  if (code.startsWith('SQLITE_READONLY')) {
    return new StoreUnavailableError(`${file} may not be written to: look at its permissions.`, options);
  }
  return new StoreUnavailableError(`${file} cannot be used (${code || 'failed'}): ${text}.`, options);
}
