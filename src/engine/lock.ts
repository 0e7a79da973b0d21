import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { DynaferryError } from '../model/errors.ts';

/** A process that only looks whether the lock is held (isLocked) holds it for a moment itself: wait that out. */
const LOOKED_AT_MS = 1000;
/** SQLite's result code for a lock that somebody else has (https://www.sqlite.org/rescode.html#busy). */
const SQLITE_BUSY = 5;

/**
 * Lets one process at a time run a stage of a migration on this machine. The lock is SQLite's own on a file, which the operating system releases when the
 * process ends in whatever way, so that no stale lock is ever left behind. (Across machines the numbered commits in S3 keep a second
 * exporter out: staging/commit-log.ts.)
 */
export class Lock {
  /** Held locks stay reachable: SQLite gives up the lock of a connection that is garbage-collected. */
  static readonly #held = new Set<Lock>();
  readonly #db: DatabaseSync;

  private constructor(db: DatabaseSync) {
    this.#db = db;
    Lock.#held.add(this);
  }

  /** Throws LOCKED, saying who holds it, where another process has it. `what` is named in that message. */
  static take(folder: string, name: string, what: string): Lock {
    let db: DatabaseSync;
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      db = new DatabaseSync(join(folder, `${name}.lock`));
    } catch (error) {
      throw unwritable(folder, error);
    }
    try {
      db.exec(
        `PRAGMA busy_timeout = ${LOOKED_AT_MS}; PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE`,
      );
    } catch (error) {
      db.close();
      if (!isBusy(error)) throw unwritable(folder, error);
      const holder = lockHolder(folder, name);
      throw new DynaferryError(
        'LOCKED',
        `${what} is being run by another process${holder === undefined ? '' : ` (process ${holder.pid}, since ${holder.since})`}`,
      );
    }
    const now = { pid: process.pid, host: hostname(), since: new Date().toISOString() };
    try {
      writeFileSync(join(folder, `${name}.holder.json`), `${JSON.stringify(now)}\n`, { mode: 0o600 });
    } catch (error) {
      db.close();
      throw unwritable(folder, error);
    }
    return new Lock(db);
  }

  release(): void {
    this.#db.close();
    Lock.#held.delete(this);
  }
}

/** Who took the lock last: whoever holds it now, where it is held. */
export function lockHolder(folder: string, name: string): { pid: number; since: string } | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, `${name}.holder.json`), 'utf8')) as { pid: number; since: string };
  } catch {
    return undefined;
  }
}

/** Whether some process holds the lock, found out without getting in the way of one that is about to take it. */
export function isLocked(folder: string, name: string): boolean {
  const path = join(folder, `${name}.lock`);
  if (!existsSync(path)) return false;
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    db.prepare('SELECT count(*) FROM sqlite_schema').get();
    return false;
  } catch (error) {
    return isBusy(error);
  } finally {
    db.close();
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && (Number(error.errcode) & 0xff) === SQLITE_BUSY;
}

function unwritable(folder: string, error: unknown): DynaferryError {
  const reason = error instanceof Error ? error.message : String(error);
  return new DynaferryError('LOCAL_DISK', `the lock in ${folder} cannot be written: ${reason}`, { cause: error });
}
