/** Marks a file as ours ("MjTi"), in the header of every SQLite database. */
export const APPLICATION_ID = 0x4d6a5469;

/** Bodies and replies of up to this many bytes are in the row; larger ones in `blobs`, so that a change of state does not write them anew. */
export const INLINE_BYTES_MAX = 1_024;

/** Keys of `blobs`: four to each request. */
export const BLOB = Object.freeze({ body: 0, reply: 1, progress: 2, kinds: 4 });

/**
 * What each version adds to the one before. States are the numbers of core/lifecycle: 0 waits, 1 runs, 2 and more have
 * ended. `due` is the order in which requests of a service are claimed; a claim goes straight to its first entry, whatever
 * waits behind it.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE requests (
    seq INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    state INTEGER NOT NULL,
    service TEXT NOT NULL,
    priority INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    expires_at INTEGER,
    submitted_at INTEGER NOT NULL,
    ended_at INTEGER,
    attempts INTEGER NOT NULL DEFAULT 0,
    token INTEGER NOT NULL DEFAULT 0,
    lease_until INTEGER,
    owner TEXT,
    bytes INTEGER NOT NULL,
    terms TEXT,
    error TEXT,
    reply_type TEXT,
    body BLOB,
    reply BLOB
  ) STRICT;
  CREATE INDEX due ON requests (service, priority, due_at) WHERE state = 0;
  CREATE INDEX expiring ON requests (expires_at) WHERE state = 0 AND expires_at IS NOT NULL;
  CREATE INDEX leased ON requests (lease_until) WHERE state = 1;
  CREATE INDEX ended ON requests (state, ended_at) WHERE state >= 2;
  CREATE TABLE blobs (key INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;
  CREATE TABLE keys (
    service TEXT NOT NULL,
    text TEXT NOT NULL,
    id BLOB NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (service, text)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX keys_until ON keys (until);
  CREATE TABLE totals (
    service TEXT NOT NULL,
    state INTEGER NOT NULL,
    requests INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    PRIMARY KEY (service, state)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE paces (
    service TEXT PRIMARY KEY,
    tokens REAL NOT NULL,
    refilled_at INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    pauses INTEGER NOT NULL,
    paused_until INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  `
  CREATE INDEX retrying ON requests (service, due_at) WHERE state = 0 AND attempts > 0;
  `,
];
