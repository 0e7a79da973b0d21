import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { DynaferryError } from '../model/errors.ts';

/**
 * Lets one process at a time run a stage of a migration on this machine. The lock is SQLite's own on a file, which the operating system releases when the
 * process ends in whatever way, so that no stale lock is ever left behind. (Across machines the numbered commits in S3 keep a second
 * exporter out: staging/commit-log.ts.)
 */
export class Lock {
  readonly #db: DatabaseSync;

  private constructor(db: DatabaseSync) {
    this.#db = db;
  }

  /** Throws LOCKED, saying who holds it, where another process has it. `what` is named in that message. */
  static take(folder: string, name: string, what: string): Lock {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const db = new DatabaseSync(join(folder, `${name}.lock`));
    try {
      db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    } catch {
      db.close();
      const holder = lockHolder(folder, name);
      throw new DynaferryError(
        'LOCKED',
        `${what} is being run by another process${holder === undefined ? '' : ` (process ${holder.pid}, since ${holder.since})`}`,
      );
    }
    const now = { pid: process.pid, host: hostname(), since: new Date().toISOString() };
    writeFileSync(join(folder, `${name}.holder.json`), `${JSON.stringify(now)}\n`, { mode: 0o600 });
    return new Lock(db);
  }

  release(): void {
    this.#db.close();
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
  } catch {
    return true;
  } finally {
    db.close();
  }
}
