import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { DynaferryError } from '../model/errors.ts';
import type { StageName, StageProgress } from '../model/events.ts';
import type { DataObject } from '../staging/commit-log.ts';

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

/** What one commit of the export accounts for. */
export interface CommittedCounts {
  items: number;
  /** Of the data object, compressed. */
  bytes: number;
  /** Of JSON read from the source. */
  sourceBytes: number;
  read: number;
  filtered: number;
  deadLettered: number;
}

export interface LoadedCounts {
  written: number;
  skipped: number;
  deadLettered: number;
}

/** A segment's checkpoint: the sealed key to go on behind, or that the segment is done. */
export interface SegmentCheckpoint {
  segment: number;
  sealed: string | null;
  done: boolean;
}

type Row = Record<string, unknown>;

/**
 * Checkpoints and counts of one migration on this machine, in SQLite. Every write is one transaction that is on disk when the call returns; it is made after
 * the data that it vouches for is durable, so after a crash the ledger may lack something that was done and never claims what was not.
 * Another process may read it meanwhile.
 */
export class Ledger {
  readonly #db: DatabaseSync;

  private constructor(db: DatabaseSync) {
    this.#db = db;
  }

  /** Opens or creates the ledger in a folder. Throws LOCAL_DISK where that is not possible. */
  static open(folder: string): Ledger {
    return guard(() => {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      return Ledger.#at(join(folder, LEDGER_FILE), folder);
    });
  }

  /** Opens the ledger in a folder for looking at it; an empty one in memory where there is none, so that looking leaves nothing behind. */
  static peek(folder: string): Ledger {
    const path = join(folder, LEDGER_FILE);
    return guard(() => Ledger.#at(existsSync(path) ? path : ':memory:', folder));
  }

  static #at(path: string, folder: string): Ledger {
    const db = new DatabaseSync(path);
    try {
      // The patience first: the other settings may meet another process that opens the file.
      db.exec('PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
      prepareTables(db, folder);
      return new Ledger(db);
    } catch (error) {
      db.close();
      throw error;
    }
  }

  /** A fact of the migration as a whole, such as the id of its export; undefined where it was never set. */
  fact(name: FactName): string | undefined {
    const row = this.#get('SELECT value FROM fact WHERE name = ?', name);
    return row === undefined ? undefined : (row['value'] as string);
  }

  setFact(name: FactName, value: string): void {
    this.#run('INSERT INTO fact VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value', name, value);
  }

  /** Forgets everything: a new export begins. */
  clear(): void {
    guard(() => {
      const tables = ['fact', 'segment', 'committed', 'transferred', 'upload', 'loaded', 'progress'];
      this.#db.exec(`BEGIN IMMEDIATE; ${tables.map((table) => `DELETE FROM ${table};`).join(' ')} COMMIT`);
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
    this.#transaction(() => {
      const { items, bytes, sourceBytes, read, filtered, deadLettered } = counts;
      const { changes } = this.#db
        .prepare('INSERT OR IGNORE INTO committed VALUES (?, ?, ?, ?, ?, ?, ?, ?)')
        .run(
          seq,
          items,
          bytes,
          sourceBytes,
          read,
          filtered,
          deadLettered,
          object === null ? null : JSON.stringify(object),
        );
      if (changes === 0) return;
      const statement = this.#db.prepare(
        'INSERT INTO segment VALUES (?, ?, ?) ON CONFLICT (segment) DO UPDATE SET sealed = excluded.sealed, done = excluded.done',
      );
      for (const { segment, sealed, done } of checkpoints) statement.run(segment, sealed, done ? 1 : 0);
    });
  }

  /** The data objects of all recorded commits, in order. */
  committedObjects(): (DataObject & { seq: number })[] {
    return this.#all('SELECT seq, object FROM committed WHERE object IS NOT NULL ORDER BY seq').map((row) => ({
      ...(JSON.parse(row['object'] as string) as DataObject),
      seq: row['seq'] as number,
    }));
  }

  /** Highest recorded commit; 0 where there is none. Commits are numbered from 1 without gaps. */
  lastCommit(): number {
    return (this.#get('SELECT coalesce(max(seq), 0) AS seq FROM committed') as Row)['seq'] as number;
  }

  checkpoints(): Map<number, SegmentCheckpoint> {
    const rows = this.#all('SELECT segment, sealed, done FROM segment');
    return new Map(
      rows.map((row) => {
        const segment = row['segment'] as number;
        return [segment, { segment, sealed: row['sealed'] as string | null, done: row['done'] === 1 }];
      }),
    );
  }

  isTransferred(seq: number): boolean {
    return this.#get('SELECT 1 FROM transferred WHERE seq = ?', seq) !== undefined;
  }

  markTransferred(seq: number, items: number, bytes: number): void {
    this.#transaction(() => {
      this.#db.prepare('INSERT OR IGNORE INTO transferred VALUES (?, ?, ?)').run(seq, items, bytes);
      this.#db.prepare('DELETE FROM upload WHERE seq = ?').run(seq);
    });
  }

  /** The first commit that has not been transferred, or not been loaded to its end: where following begins. */
  firstMissing(of: 'transferred' | 'loaded'): number {
    const done = of === 'transferred' ? 'SELECT seq FROM transferred' : 'SELECT seq FROM loaded WHERE finished = 1';
    const row = this.#get(
      `SELECT min(n) AS seq FROM (SELECT 1 AS n UNION SELECT seq + 1 FROM (${done})) WHERE n NOT IN (${done})`,
    );
    return (row as Row)['seq'] as number;
  }

  /** A multipart upload that was begun for an object, and the version of the object that it holds. */
  upload(seq: number): { uploadId: string; sourceEtag: string } | undefined {
    const row = this.#get('SELECT upload_id, source_etag FROM upload WHERE seq = ?', seq);
    return row === undefined
      ? undefined
      : { uploadId: row['upload_id'] as string, sourceEtag: row['source_etag'] as string };
  }

  setUpload(seq: number, uploadId: string, sourceEtag: string): void {
    this.#run('INSERT OR REPLACE INTO upload VALUES (?, ?, ?)', seq, uploadId, sourceEtag);
  }

  /** How far an object has been loaded: lines from its beginning that are all accounted for. */
  loaded(seq: number): (LoadedCounts & { linesDone: number; finished: boolean }) | undefined {
    const row = this.#get('SELECT * FROM loaded WHERE seq = ?', seq);
    if (row === undefined) return undefined;
    return {
      linesDone: row['lines_done'] as number,
      finished: row['finished'] === 1,
      written: row['written'] as number,
      skipped: row['skipped'] as number,
      deadLettered: row['dead_lettered'] as number,
    };
  }

  setLoaded(
    seq: number,
    object: { items: number; bytes: number },
    linesDone: number,
    counts: LoadedCounts,
    finished: boolean,
  ): void {
    const { written, skipped, deadLettered } = counts;
    this.#run(
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
    const sum = (sql: string): Row => this.#get(sql) as Row;
    const exported = sum(
      `SELECT count(nullif(items, 0)) AS objects, coalesce(sum(items), 0) AS items, coalesce(sum(bytes), 0) AS bytes, coalesce(sum(source_bytes), 0) AS source_bytes,
       coalesce(sum(read), 0) AS read, coalesce(sum(filtered), 0) AS filtered, coalesce(sum(dead_lettered), 0) AS dead_lettered FROM committed`,
    );
    const transferred = sum(
      'SELECT count(nullif(items, 0)) AS objects, coalesce(sum(items), 0) AS items, coalesce(sum(bytes), 0) AS bytes FROM transferred',
    );
    const loaded = sum(
      `SELECT count(CASE WHEN finished = 1 AND items > 0 THEN 1 END) AS objects, coalesce(sum(written + skipped + dead_lettered), 0) AS items, coalesce(sum(CASE finished WHEN 1 THEN bytes ELSE 0 END), 0) AS bytes,
       coalesce(sum(written), 0) AS written, coalesce(sum(skipped), 0) AS skipped, coalesce(sum(dead_lettered), 0) AS dead_lettered FROM loaded`,
    );
    const n = (row: Row, name: string): number => row[name] as number;
    return {
      export: {
        objects: n(exported, 'objects'),
        items: n(exported, 'items'),
        bytes: n(exported, 'bytes'),
        sourceBytes: n(exported, 'source_bytes'),
        read: n(exported, 'read'),
        filtered: n(exported, 'filtered'),
        deadLettered: n(exported, 'dead_lettered'),
      },
      transfer: { objects: n(transferred, 'objects'), items: n(transferred, 'items'), bytes: n(transferred, 'bytes') },
      load: {
        objects: n(loaded, 'objects'),
        items: n(loaded, 'items'),
        bytes: n(loaded, 'bytes'),
        written: n(loaded, 'written'),
        skipped: n(loaded, 'skipped'),
        deadLettered: n(loaded, 'dead_lettered'),
      },
    };
  }

  /** The latest word of a running stage, for `status` of another process. */
  setProgress(progress: StageProgress, nowMs: number): void {
    this.#run('INSERT OR REPLACE INTO progress VALUES (?, ?, ?)', progress.stage, nowMs, JSON.stringify(progress));
  }

  progress(): { stage: StageName; updatedMs: number; progress: StageProgress }[] {
    return this.#all('SELECT stage, updated_ms, json FROM progress').map((row) => ({
      stage: row['stage'] as StageName,
      updatedMs: row['updated_ms'] as number,
      progress: JSON.parse(row['json'] as string) as StageProgress,
    }));
  }

  close(): void {
    this.#db.close();
  }

  #get(sql: string, ...values: (string | number | null)[]): Row | undefined {
    return guard(() => this.#db.prepare(sql).get(...values));
  }

  #all(sql: string): Row[] {
    return guard(() => this.#db.prepare(sql).all());
  }

  #run(sql: string, ...values: (string | number | null)[]): void {
    guard(() => this.#db.prepare(sql).run(...values));
  }

  #transaction(work: () => void): void {
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

/** Facts of a migration as a whole. */
export type FactName =
  | 'exportId'
  | 'policyHash'
  | 'totalSegments'
  | 'exportDone'
  | 'transferDone'
  | 'loadDone'
  | 'verify'
  | 'startedMs'
  | 'finishedMs'
  | 'tableCreated'
  | 'createdTtl';

export interface LedgerTotals {
  export: CommittedCounts & { objects: number };
  transfer: { objects: number; items: number; bytes: number };
  load: LoadedCounts & { objects: number; items: number; bytes: number };
}

/** SQLite's failures as LOCAL_DISK, which says that the disk is full or not writable. */
function guard<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof DynaferryError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new DynaferryError('LOCAL_DISK', `the ledger cannot be read or written: ${reason}`, { cause: error });
  }
}
