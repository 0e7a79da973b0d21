import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { DynaferryError } from '../model/errors.ts';

/** What a state file holds: its name, its tables, and the version of them. A file of another version is refused, never guessed at. */
export interface StateSchema {
  file: string;
  version: number;
  tables: string;
  /** For messages: what to do about a file of another version. */
  fixVersion: string;
}

/** A row by its columns. */
export type Row = Record<string, unknown>;

type Value = string | number | null;

/** A state file in SQLite: its tables, and statements whose failures are LOCAL_DISK. Every write is on disk when the call returns. */
export class StateDatabase {
  readonly #db: DatabaseSync;

  private constructor(db: DatabaseSync) {
    this.#db = db;
  }

  /** Opens or creates the file in a folder. */
  static open(folder: string, schema: StateSchema): StateDatabase {
    return guard(() => {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      return StateDatabase.#at(join(folder, schema.file), folder, schema);
    });
  }

  /** Opens the file in a folder; empty tables in memory where there is none. */
  static peek(folder: string, schema: StateSchema): StateDatabase {
    const path = join(folder, schema.file);
    return guard(() => StateDatabase.#at(isThere(path) ? path : ':memory:', folder, schema));
  }

  static #at(path: string, folder: string, schema: StateSchema): StateDatabase {
    const db = new DatabaseSync(path);
    try {
      // The patience first: the other settings may meet another process that opens the file.
      db.exec('PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
      prepareTables(db, folder, schema);
      return new StateDatabase(db);
    } catch (error) {
      db.close();
      throw error;
    }
  }

  get(sql: string, ...values: Value[]): Row | undefined {
    return guard(() => this.#db.prepare(sql).get(...values));
  }

  all(sql: string, ...values: Value[]): Row[] {
    return guard(() => this.#db.prepare(sql).all(...values));
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

/** Makes the tables of a new file. Of several processes that open a new one at once, one makes them. */
function prepareTables(db: DatabaseSync, folder: string, schema: StateSchema): void {
  const versionNow = (): unknown => (db.prepare('PRAGMA user_version').get() as Row)['user_version'];
  if (versionNow() === 0) {
    db.exec('BEGIN IMMEDIATE');
    if (versionNow() === 0) db.exec(`${schema.tables} PRAGMA user_version = ${schema.version}`);
    db.exec('COMMIT');
  }
  const version = versionNow();
  if (version !== schema.version)
    throw new DynaferryError(
      'LOCAL_DISK',
      `${schema.file} in ${folder} has version ${String(version)}, this program writes version ${schema.version}`,
      { fix: schema.fixVersion },
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
        ? 'Move ledger.sqlite (of a copy: copy.sqlite) out of the state folder (--state-dir) and run again: it is made anew from what lies in S3.'
        : undefined,
      cause: error,
    });
  }
}
