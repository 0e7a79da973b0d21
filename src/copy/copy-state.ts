import { StateDatabase, type StateSchema } from '../engine/state-database.ts';
import type { ErrorCode } from '../model/error-catalogue.ts';
import type { CopyProgress, CopySummary, FailureKind } from '../model/events.ts';
import type { FailedObject } from '../stages/transfer/copy-options.ts';
import type { CopyRecords } from '../stages/transfer/copy-stage.ts';

/** Described in docs/formats/copy-state.md. */
const COPY_STATE: StateSchema = {
  file: 'copy.sqlite',
  version: 1,
  fixVersion: 'Run this copy with the version of dynaferry that began it, or choose another --state-dir.',
  tables: `
  CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
  CREATE TABLE failed (
    id INTEGER PRIMARY KEY, run INTEGER NOT NULL, key TEXT NOT NULL, size_bytes INTEGER NOT NULL, code TEXT NOT NULL, reason TEXT NOT NULL
  ) STRICT;
  CREATE INDEX failed_run ON failed (run, id);
  CREATE TABLE extra (id INTEGER PRIMARY KEY, key TEXT NOT NULL) STRICT;
`,
};

type FactName = 'run' | 'progress' | 'summary';

/** Read at once from the state file. */
const ROWS_MAX = 1000;

/** Kinds of failures that a summary tells of. */
const FAILURES_MAX = 3;

/**
 * What a copy keeps on this machine: what failed, what only the target has, and how the last run ended. None of it is needed to go on with a copy: what is at the target is asked of
 * the target.
 */
export class CopyState implements CopyRecords {
  readonly #db: StateDatabase;
  #run: number;

  private constructor(db: StateDatabase) {
    this.#db = db;
    this.#run = Number(this.#fact('run') ?? 0);
  }

  static open(folder: string): CopyState {
    return new CopyState(StateDatabase.open(folder, COPY_STATE));
  }

  /** For looking only: leaves nothing behind where there is none. */
  static peek(folder: string): CopyState {
    return new CopyState(StateDatabase.peek(folder, COPY_STATE));
  }

  /** A new run begins. What failed in the last one is kept until this one ends well enough to have its own list. */
  begin(): void {
    this.#db.transaction(() => {
      this.#db.run('DELETE FROM extra');
      // A run that was killed has left entries under a number that is not the last one that ended.
      this.#db.run('DELETE FROM failed WHERE run > ?', this.#run);
    });
  }

  /**
   * The run has ended: what failed in it takes the place of what failed before. Where it did not come to try all of that again, it comes
   * beside that (`keepsFailed`).
   */
  end(summary: CopySummary, keepsFailed: boolean): void {
    this.#db.transaction(() => {
      this.#db.run('DELETE FROM extra');
      if (keepsFailed) {
        const again = 'key IN (SELECT key FROM failed WHERE run > ?)';
        this.#db.run(`DELETE FROM failed WHERE run <= ? AND ${again}`, this.#run, this.#run);
        this.#db.run('UPDATE failed SET run = ? WHERE run > ?', this.#run, this.#run);
      } else {
        this.#db.run('DELETE FROM failed WHERE run <= ?', this.#run);
        this.#run++;
        this.#setFact('run', String(this.#run));
      }
      this.#setFact('summary', JSON.stringify({ finishedMs: Date.now(), summary }));
      this.#db.run("DELETE FROM fact WHERE name = 'progress'");
    });
  }

  addFailed({ key, sizeBytes, code, reason }: FailedObject): void {
    this.#db.run(
      'INSERT INTO failed (run, key, size_bytes, code, reason) VALUES (?, ?, ?, ?, ?)',
      this.#run + 1,
      key,
      sizeBytes,
      code,
      reason,
    );
  }

  /** Why objects failed in the run under way: its commonest codes, with the reason of the first object each. What is archived is no failure. */
  failures(): FailureKind[] {
    const rows = this.#db.all(
      `SELECT code, COUNT(*) AS objects, MIN(id), reason FROM failed WHERE run > ? AND code <> 'OBJECT_ARCHIVED'
       GROUP BY code ORDER BY objects DESC, MIN(id) LIMIT ?`,
      this.#run,
      FAILURES_MAX,
    );
    // SQLite takes the other columns from the row of the minimum (https://sqlite.org/lang_select.html#bareagg).
    return rows.map(({ code, objects, reason }) => ({
      code: code as ErrorCode,
      objects: objects as number,
      reason: reason as string,
    }));
  }

  *failedBefore(): Generator<FailedObject> {
    yield* this.#failed(this.#run);
  }

  *#failed(run: number): Generator<FailedObject> {
    for (let after = 0; ;) {
      const rows = this.#db.all(
        'SELECT * FROM failed WHERE run = ? AND id > ? ORDER BY id LIMIT ?',
        run,
        after,
        ROWS_MAX,
      );
      if (rows.length === 0) return;
      for (const row of rows) {
        after = row['id'] as number;
        yield {
          key: row['key'] as string,
          sizeBytes: row['size_bytes'] as number,
          code: row['code'] as ErrorCode,
          reason: row['reason'] as string,
        };
      }
    }
  }

  addExtra(keys: readonly string[]): void {
    this.#db.transaction(() => {
      for (const key of keys) this.#db.run('INSERT INTO extra (key) VALUES (?)', key);
    });
  }

  *extra(keysMax: number): Generator<string[]> {
    for (let after = 0; ;) {
      const rows = this.#db.all('SELECT * FROM extra WHERE id > ? ORDER BY id LIMIT ?', after, keysMax);
      if (rows.length === 0) return;
      after = rows[rows.length - 1]['id'] as number;
      yield rows.map((row) => row['key'] as string);
    }
  }

  setProgress(event: CopyProgress): void {
    this.#setFact('progress', JSON.stringify({ updatedMs: Date.now(), event }));
  }

  progress(): { updatedMs: number; event: CopyProgress } | undefined {
    const fact = this.#fact('progress');
    return fact === undefined ? undefined : (JSON.parse(fact) as { updatedMs: number; event: CopyProgress });
  }

  last(): { finishedMs: number; summary: CopySummary } | undefined {
    const fact = this.#fact('summary');
    return fact === undefined ? undefined : (JSON.parse(fact) as { finishedMs: number; summary: CopySummary });
  }

  close(): void {
    this.#db.close();
  }

  #fact(name: FactName): string | undefined {
    return this.#db.get('SELECT value FROM fact WHERE name = ?', name)?.['value'] as string | undefined;
  }

  #setFact(name: FactName, value: string): void {
    this.#db.run('INSERT INTO fact VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value', name, value);
  }
}
