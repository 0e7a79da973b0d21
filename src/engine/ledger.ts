import type { StageName, StageProgress } from '../model/events.ts';
import type { DataObject } from '../staging/commit-log.ts';
import { StateDatabase, type Row, type StateSchema } from './state-database.ts';
import { readTotals, type CommittedCounts, type LedgerTotals, type LoadedCounts } from './ledger-totals.ts';

/** How far an object has been loaded, and what became of its items so far. */
export interface LoadedObject extends LoadedCounts {
  linesDone: number;
  finished: boolean;
}

/** Described in docs/formats/ledger.md. */
const LEDGER: StateSchema = {
  file: 'ledger.sqlite',
  version: 1,
  fixVersion: 'Finish the migration with the version of dynaferry that began it, or choose another --state-dir.',
  tables: `
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
`,
};

/** A segment's checkpoint: the sealed key to go on behind, or that the segment is done. */
export interface SegmentCheckpoint {
  segment: number;
  sealed: string | null;
  done: boolean;
}

/** Facts of a migration as a whole. */
export type FactName = 'exportId' | 'exportDone' | 'transferDone' | 'loadDone' | 'verify' | 'finishedMs';

/**
 * Checkpoints and counts of one migration on this machine, in SQLite. Every write is one transaction that is on disk when the call returns; it is made after
 * the data that it vouches for is durable, so after a crash the ledger may lack something that was done and never claims what was not.
 * Another process may read it meanwhile.
 */
export class Ledger {
  readonly #db: StateDatabase;

  private constructor(db: StateDatabase) {
    this.#db = db;
  }

  /** Opens or creates the ledger in a folder. Throws LOCAL_DISK where that is not possible. */
  static open(folder: string): Ledger {
    return new Ledger(StateDatabase.open(folder, LEDGER));
  }

  /** Opens the ledger in a folder for looking at it; an empty one where there is none, so that looking leaves nothing behind. */
  static peek(folder: string): Ledger {
    return new Ledger(StateDatabase.peek(folder, LEDGER));
  }

  /** A fact of the migration as a whole, such as the id of its export; undefined where it was never set. */
  fact(name: FactName): string | undefined {
    const row = this.#db.get('SELECT value FROM fact WHERE name = ?', name);
    return row === undefined ? undefined : (row['value'] as string);
  }

  setFact(name: FactName, value: string): void {
    this.#db.run('INSERT INTO fact VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value', name, value);
  }

  /** Forgets everything: a new export begins. */
  clear(): void {
    const tables = ['fact', 'segment', 'committed', 'transferred', 'upload', 'loaded', 'progress'];
    this.#db.transaction(() => {
      for (const table of tables) this.#db.run(`DELETE FROM ${table}`);
    });
  }

  /**
   * Records a commit of the export, its data object, and the checkpoints that it makes good. A commit that is recorded already is left as it is.
   */
  commit(
    seq: number,
    counts: CommittedCounts,
    object: DataObject | null,
    checkpoints: readonly SegmentCheckpoint[],
  ): void {
    this.#db.transaction(() => {
      const { items, bytes, sourceBytes, read, filtered, deadLettered } = counts;
      const added = this.#db.run(
        'INSERT OR IGNORE INTO committed VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
        seq,
        items,
        bytes,
        sourceBytes,
        read,
        filtered,
        deadLettered,
        object === null ? null : JSON.stringify(object),
      );
      if (added === 0) return;
      for (const { segment, sealed, done } of checkpoints)
        this.#db.run(
          'INSERT INTO segment VALUES (?, ?, ?) ON CONFLICT (segment) DO UPDATE SET sealed = excluded.sealed, done = excluded.done',
          segment,
          sealed,
          done ? 1 : 0,
        );
    });
  }

  /** The data objects of all recorded commits, in order. */
  committedObjects(): (DataObject & { seq: number })[] {
    return this.#db.all('SELECT seq, object FROM committed WHERE object IS NOT NULL ORDER BY seq').map((row) => ({
      ...(JSON.parse(row['object'] as string) as DataObject),
      seq: row['seq'] as number,
    }));
  }

  /** Highest recorded commit; 0 where there is none. Commits are numbered from 1 without gaps. */
  lastCommit(): number {
    return (this.#db.get('SELECT coalesce(max(seq), 0) AS seq FROM committed') as Row)['seq'] as number;
  }

  checkpoints(): Map<number, SegmentCheckpoint> {
    const rows = this.#db.all('SELECT segment, sealed, done FROM segment');
    return new Map(
      rows.map((row) => {
        const segment = row['segment'] as number;
        return [segment, { segment, sealed: row['sealed'] as string | null, done: row['done'] === 1 }];
      }),
    );
  }

  isTransferred(seq: number): boolean {
    return this.#db.get('SELECT 1 FROM transferred WHERE seq = ?', seq) !== undefined;
  }

  markTransferred(seq: number, items: number, bytes: number): void {
    this.#db.transaction(() => {
      this.#db.run('INSERT OR IGNORE INTO transferred VALUES (?, ?, ?)', seq, items, bytes);
      this.#db.run('DELETE FROM upload WHERE seq = ?', seq);
    });
  }

  /** The first commit that has not been transferred, or not been loaded to its end: where following begins. */
  firstMissing(of: 'transferred' | 'loaded'): number {
    const done = of === 'transferred' ? 'SELECT seq FROM transferred' : 'SELECT seq FROM loaded WHERE finished = 1';
    const row = this.#db.get(
      `SELECT min(n) AS seq FROM (SELECT 1 AS n UNION SELECT seq + 1 FROM (${done})) WHERE n NOT IN (${done})`,
    );
    return (row as Row)['seq'] as number;
  }

  /** A multipart upload that was begun for an object, and the version of the object that it holds. */
  upload(seq: number): { uploadId: string; sourceEtag: string } | undefined {
    const row = this.#db.get('SELECT upload_id, source_etag FROM upload WHERE seq = ?', seq);
    return row === undefined
      ? undefined
      : { uploadId: row['upload_id'] as string, sourceEtag: row['source_etag'] as string };
  }

  setUpload(seq: number, uploadId: string, sourceEtag: string): void {
    this.#db.run('INSERT OR REPLACE INTO upload VALUES (?, ?, ?)', seq, uploadId, sourceEtag);
  }

  /** Objects of which items were set aside by a load that came to its end; none while a load is unfinished. */
  refusedObjects(): number[] {
    if (this.fact('loadDone') === undefined) return [];
    return this.#db.all('SELECT seq FROM loaded WHERE dead_lettered > 0').map((row) => row['seq'] as number);
  }

  /** Forgets what became of these objects, and that the load came to its end. */
  reopenLoaded(seqs: readonly number[]): void {
    this.#db.transaction(() => {
      for (const seq of seqs) this.#db.run('DELETE FROM loaded WHERE seq = ?', seq);
      this.#db.run("DELETE FROM fact WHERE name = 'loadDone'");
    });
  }

  /** How far an object has been loaded: lines from its beginning that are all accounted for. */
  loaded(seq: number): LoadedObject | undefined {
    const row = this.#db.get('SELECT * FROM loaded WHERE seq = ?', seq);
    if (row === undefined) return undefined;
    return {
      linesDone: row['lines_done'] as number,
      finished: row['finished'] === 1,
      written: row['written'] as number,
      skipped: row['skipped'] as number,
      deadLettered: row['dead_lettered'] as number,
    };
  }

  setLoaded(seq: number, object: { items: number; bytes: number }, loaded: LoadedObject): void {
    const { linesDone, finished, written, skipped, deadLettered } = loaded;
    this.#db.run(
      'INSERT OR REPLACE INTO loaded VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
      seq,
      object.items,
      object.bytes,
      linesDone,
      finished ? 1 : 0,
      written,
      skipped,
      deadLettered,
    );
  }

  /** Sums over everything recorded: what `status`, the summary and the accounting go by. */
  totals(): LedgerTotals {
    return readTotals(this.#db);
  }

  /** The latest word of a running stage, for `status` of another process. */
  setProgress(progress: StageProgress, nowMs: number): void {
    this.#db.run('INSERT OR REPLACE INTO progress VALUES (?, ?, ?)', progress.stage, nowMs, JSON.stringify(progress));
  }

  progress(): { stage: StageName; updatedMs: number; progress: StageProgress }[] {
    return this.#db.all('SELECT stage, updated_ms, json FROM progress').map((row) => ({
      stage: row['stage'] as StageName,
      updatedMs: row['updated_ms'] as number,
      progress: JSON.parse(row['json'] as string) as StageProgress,
    }));
  }

  close(): void {
    this.#db.close();
  }
}
