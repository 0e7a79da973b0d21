import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { DynaferryError } from '../model/errors.ts';

/** Version of the ledger's tables; a file of another version is refused, never guessed at. Described in docs/formats/ledger.md. */
const LEDGER_VERSION = 1;
const LEDGER_FILE = 'ledger.sqlite';

const SCHEMA = `
  CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
  CREATE TABLE segment (segment INTEGER PRIMARY KEY, sealed TEXT, done INTEGER NOT NULL) STRICT;
  CREATE TABLE committed (
    seq INTEGER PRIMARY KEY, items INTEGER NOT NULL, bytes INTEGER NOT NULL, source_bytes INTEGER NOT NULL,
    read INTEGER NOT NULL, filtered INTEGER NOT NULL, dead_lettered INTEGER NOT NULL, object TEXT
  ) STRICT;
  CREATE TABLE transferred (seq INTEGER PRIMARY KEY, items INTEGER NOT NULL, bytes INTEGER NOT NULL) STRICT;
  CREATE TABLE upload (seq INTEGER PRIMARY KEY, upload_id TEXT NOT NULL, source_etag TEXT NOT NULL) STRICT;
  CREATE TABLE loaded (
    seq INTEGER PRIMARY KEY, items INTEGER NOT NULL, bytes INTEGER NOT NULL, lines_done INTEGER NOT NULL, finished INTEGER NOT NULL,
    written INTEGER NOT NULL, skipped INTEGER NOT NULL, dead_lettered INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE progress (stage TEXT PRIMARY KEY, updated_ms INTEGER NOT NULL, json TEXT NOT NULL) STRICT;
`;

/** A row by its columns. */
export type Row = Record<string, unknown>;

type Value = string | number | null;

/** The ledger's SQLite file: its tables, and statements whose failures are LOCAL_DISK. Every write is on disk when the call returns. */
export class LedgerDatabase {
  readonly #db: DatabaseSync;

  private constructor(db: DatabaseSync) {
    this.#db = db;
  }

  /** Opens or creates the file in a folder. */
  static open(folder: string): LedgerDatabase {
    return guard(() => {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      return LedgerDatabase.#at(join(folder, LEDGER_FILE), folder);
    });
  }

  /** Opens the file in a folder; empty tables in memory where there is none. */
  static peek(folder: string): LedgerDatabase {
    const path = join(folder, LEDGER_FILE);
    return guard(() => LedgerDatabase.#at(isThere(path) ? path : ':memory:', folder));
  }

  static #at(path: string, folder: string): LedgerDatabase {
    const db = new DatabaseSync(path);
    try {
      // The patience first: the other settings may meet another process that opens the file.
      db.exec('PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
      prepareTables(db, folder);
      return new LedgerDatabase(db);
    } catch (error) {
      db.close();
      throw error;
    }
  }

  get(sql: string, ...values: Value[]): Row | undefined {
    return guard(() => this.#db.prepare(sql).get(...values));
  }

  all(sql: string): Row[] {
    return guard(() => this.#db.prepare(sql).all());
  }

  /** Returns how many rows were changed. */
  run(sql: string, ...values: Value[]): number {
    return guard(() => Number(this.#db.prepare(sql).run(...values).changes));
  }

  /** All that `work` writes, or nothing of it. */
  transaction(work: () => void): void {
    guard(() => {
      this.#db.exec('BEGIN IMMEDIATE');
      try {
        work();
        this.#db.exec('COMMIT');
      } catch (error) {
        // A full disk has ended the transaction already.
        if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
        throw error;
      }
    });
  }

  close(): void {
    this.#db.close();
  }
}

/** Unlike existsSync this throws where the state folder is a file, or may not be looked into. */
function isThere(path: string): boolean {
  try {
    statSync(path);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
}

/** Makes the tables of a new ledger. Of several processes that open a new one at once, one makes them. */
function prepareTables(db: DatabaseSync, folder: string): void {
  const versionNow = (): unknown => (db.prepare('PRAGMA user_version').get() as Row)['user_version'];
  if (versionNow() === 0) {
    db.exec('BEGIN IMMEDIATE');
    if (versionNow() === 0) db.exec(`${SCHEMA} PRAGMA user_version = ${LEDGER_VERSION}`);
    db.exec('COMMIT');
  }
  const version = versionNow();
  if (version !== LEDGER_VERSION)
    throw new DynaferryError(
      'LOCAL_DISK',
      `the ledger in ${folder} has version ${String(version)}, this program writes version ${LEDGER_VERSION}`,
      { fix: 'Finish the migration with the version of dynaferry that began it, or choose another --state-dir.' },
    );
}

/** SQLite's result code for a file that is no database (https://www.sqlite.org/rescode.html#notadb), and for one that is damaged (#corrupt). */
const UNREADABLE = new Set([26, 11]);

/** SQLite's failures as LOCAL_DISK, which says that the disk is full or not writable. */
function guard<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof DynaferryError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    const isDamaged = error instanceof Error && 'errcode' in error && UNREADABLE.has(Number(error.errcode) & 0xff);
    throw new DynaferryError('LOCAL_DISK', `the ledger cannot be read or written: ${reason}`, {
      fix: isDamaged
        ? 'Move ledger.sqlite out of the state folder (--state-dir) and run again: it is made anew from what lies in S3.'
        : undefined,
      cause: error,
    });
  }
}
