import Database from 'better-sqlite3';
import { StoreInvalidError } from '@majordomo/protocol';
import { closeSync, linkSync, openSync, readSync, rmSync, statSync } from 'node:fs';
import { APPLICATION_ID, MIGRATIONS } from './schema';

/** How a database is opened. */
export interface OpenOptions {
  readonly file: string;
  /** The file grows no larger than this; beyond it, there is no room. */
  readonly fileBytesMax: number | undefined;
}

/** Files up to this size are read through before they are used; of larger ones, damage shows when it is met. */
const CHECKED_BYTES_MAX = 64 * 1_024 * 1_024;

/** How long to wait for the process that has the file, in ms: one that was told to stop may not be done yet. */
const BUSY_TIMEOUT_MS = 1_000;

/** Pages in the log after which they are written to the file: 32 MiB of them. */
const CHECKPOINT_PAGES = 8_192;

const MAGIC = 'SQLite format 3\0';
const HEADER = Object.freeze({ bytes: 100, version: 60, applicationId: 68 });

/**
 * Opens the database of a store for this process alone, or makes it.
 * A file that is not ours is told by its header, before SQLite touches it, and left as it is.
 * @throws StoreInvalidError, and what SQLite and the file system throw
 */
export function openDatabase({ file, fileBytesMax }: OpenOptions): Database.Database {
  const bytes = statSync(file, { throwIfNoEntry: false })?.size;
  if (bytes === undefined) create(file);
  else inspect(file, bytes);
  const db = new Database(file, { timeout: BUSY_TIMEOUT_MS, fileMustExist: true });
  try {
    configure(db, fileBytesMax);
    migrate(db);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function configure(db: Database.Database, fileBytesMax: number | undefined): void {
  db.pragma('locking_mode = EXCLUSIVE');
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.pragma('cache_size = -65536');
  // The same pages change again and again: the longer they gather in the log, the less often each is written to the file.
  db.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
  db.pragma('journal_size_limit = 67108864');
  if (fileBytesMax !== undefined) {
    const pageBytes = db.pragma('page_size', { simple: true }) as number;
    db.pragma(`max_page_count = ${Math.max(1, Math.floor(fileBytesMax / pageBytes))}`);
  }
  // Takes the lock, which this connection keeps.
  db.exec('BEGIN IMMEDIATE; COMMIT');
}

/** Makes a new database beside, and puts it into its place whole: a crash leaves none, or all of it. */
function create(file: string): void {
  const draft = `${file}.new-${process.pid}`;
  rmSync(draft, { force: true });
  const db = new Database(draft);
  try {
    db.pragma('synchronous = FULL');
    db.pragma(`application_id = ${APPLICATION_ID}`);
    migrate(db);
    db.close();
    linkSync(draft, file);
  } catch (error) {
    // Somebody else was faster: theirs is as good, and will be inspected like any other.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    db.close();
    rmSync(draft, { force: true });
  }
}

function migrate(db: Database.Database): void {
  const version = db.pragma('user_version', { simple: true }) as number;
  if (version === MIGRATIONS.length) return;
  db.transaction(() => {
    for (const statements of MIGRATIONS.slice(version)) db.exec(statements);
    db.pragma(`user_version = ${MIGRATIONS.length}`);
  }).immediate();
}

/** @throws StoreInvalidError where the file is not a store of this version or an earlier one, or is damaged */
function inspect(file: string, bytes: number): void {
  const header = Buffer.alloc(HEADER.bytes);
  const descriptor = openSync(file, 'r');
  try {
    readSync(descriptor, header, 0, header.length, 0);
  } finally {
    closeSync(descriptor);
  }
  if (header.toString('latin1', 0, MAGIC.length) !== MAGIC) {
    throw new StoreInvalidError(`${file} is no SQLite database; it was left as it is.`);
  }
  if (header.readUInt32BE(HEADER.applicationId) !== APPLICATION_ID) {
    throw new StoreInvalidError(
      `${file} is the SQLite database of something else; it was left as it is. Name a file of titanic's own.`,
    );
  }
  const version = header.readUInt32BE(HEADER.version);
  if (version > MIGRATIONS.length) {
    throw new StoreInvalidError(
      `${file} was made by a later version of titanic (${version}, this one knows ${MIGRATIONS.length}); it was left as it is.`,
    );
  }
  if (bytes <= CHECKED_BYTES_MAX) readThrough(file);
}

/** A connection that only reads leaves the file, and what waits in its log, as they are. */
function readThrough(file: string): void {
  const db = new Database(file, { readonly: true, timeout: BUSY_TIMEOUT_MS });
  try {
    const verdict = db.pragma('quick_check(1)', { simple: true });
    if (verdict === 'ok') return;
    throw new StoreInvalidError(
      `${file} is damaged (${String(verdict).replace(/\s+/g, ' ')}); it was left as it is: restore it from a copy.`,
    );
  } finally {
    db.close();
  }
}
