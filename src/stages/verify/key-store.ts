import { closeSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { DynaferryError } from '../../model/errors.ts';
import { bucketOf } from './bucket-set.ts';
import type { SegmentPosition, SideName } from './side.ts';

/** One item whose bucket differs. */
export interface KeyRow {
  keyHash: Buffer;
  digest: Buffer;
  /** The target key as DynamoDB JSON; undefined where the item has none, or where it was not sent here. */
  key: Buffer | undefined;
  /** The source's own key, sealed, where it is another than the target key. */
  sealedSourceKey: string | undefined;
  /** Whether an item at the target fails the policy's filter; undefined where that cannot be told. */
  failsFilter: boolean | undefined;
}

const SCHEMA_VERSION = 1;
/**
 * Rows lie in the order of the first bits of their key hash, so that they can be read back in small slices, each sorted in memory: neither writing
 * nor joining needs memory, or a temporary file, of the size of the differences.
 */
const SLICE_BITS = 12;
const ROWS_MAX = 2 ** 40;
/** For the pages of 2^12 slices that grow at the same time, on two sides. */
const CACHE_KIB = 32 * 1024;

const table = (side: SideName): string =>
  `CREATE TABLE ${side} (id INTEGER PRIMARY KEY, key_hash BLOB NOT NULL, digest BLOB NOT NULL, key BLOB, source_key TEXT, fails_filter INTEGER) STRICT;`;

const SCHEMA = `
  CREATE TABLE subject (fingerprint TEXT NOT NULL) STRICT;
  CREATE TABLE position (side TEXT, segment INTEGER, sealed TEXT, done INTEGER NOT NULL, PRIMARY KEY (side, segment)) STRICT;
  ${table('source')} ${table('target')}
`;

type Row = Record<string, unknown>;

/**
 * The items of differing buckets, both sides, with the positions of the pass that collects them: a temporary SQLite database, for their number has no bound.
 * Every failure of it is a LOCAL_DISK.
 */
export class KeyStore {
  readonly #db: DatabaseSync;
  readonly #path: string;
  readonly #statements: Record<SideName, SideStatements>;
  readonly #rows: Record<SideName, number>;

  private constructor(db: DatabaseSync, path: string) {
    const rows = (side: SideName): number =>
      (db.prepare(`SELECT count(*) AS n FROM ${side}`).get() as Row)['n'] as number;
    this.#db = db;
    this.#path = path;
    this.#statements = { source: statements(db, 'source'), target: statements(db, 'target') };
    this.#rows = { source: rows('source'), target: rows('target') };
  }

  /** Opens the store that an earlier call left, or a new one where that has another fingerprint. */
  static open(path: string, fingerprint: string): KeyStore {
    return guard(() => {
      const found = openDatabase(path);
      if (fingerprintOf(found) === fingerprint) return new KeyStore(found, path);
      found.close();
      removeDatabase(path);
      const db = openDatabase(path);
      db.exec(`BEGIN; ${SCHEMA} PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT`);
      db.prepare('INSERT INTO subject VALUES (?)').run(fingerprint);
      return new KeyStore(db, path);
    });
  }

  /** Where the segments stand that have been begun. */
  positions(side: SideName): Map<number, SegmentPosition> {
    const rows = guard(() => this.#db.prepare('SELECT segment, sealed, done FROM position WHERE side = ?').all(side));
    return new Map(
      rows.map((row) => [
        row['segment'] as number,
        { sealed: row['sealed'] as string | null, done: row['done'] === 1 },
      ]),
    );
  }

  /** Adds rows, and the position behind them, in one transaction. */
  add(side: SideName, rows: readonly KeyRow[], segment: number, position: SegmentPosition): void {
    guard(() => {
      this.#db.exec('BEGIN');
      try {
        // The number of rows before it makes a row's id unique within its slice.
        rows.forEach((row, i) => this.#addRow(side, row, this.#rows[side] + i));
        this.#db
          .prepare('INSERT OR REPLACE INTO position VALUES (?, ?, ?, ?)')
          .run(side, segment, position.sealed, position.done ? 1 : 0);
        this.#db.exec('COMMIT');
        this.#rows[side] += rows.length;
      } catch (error) {
        this.#db.exec('ROLLBACK');
        throw error;
      }
    });
  }

  /** Forgets the rows and positions of a side. */
  clear(side: SideName): void {
    guard(() => {
      this.#db.exec(`BEGIN; DELETE FROM ${side}; DELETE FROM position WHERE side = '${side}'; COMMIT`);
      this.#rows[side] = 0;
    });
  }

  /** All rows of a side in the order of their key hashes. */
  *rows(side: SideName): Generator<KeyRow> {
    for (const slice of this.slices()) yield* this.slice(side, slice);
  }

  /** The slices that have rows of either side, in their order; every row of one has a lower key hash than all rows of the next. */
  *slices(): Generator<number> {
    for (let slice = this.#nextSlice(0); slice !== undefined; slice = this.#nextSlice(slice + 1)) yield slice;
  }

  /** The rows of one slice, in the order of their key hashes. */
  slice(side: SideName, slice: number): KeyRow[] {
    const first = slice * ROWS_MAX;
    return guard(() => this.#statements[side].select.all(first, first + ROWS_MAX)).map(fromRow);
  }

  #nextSlice(from: number): number | undefined {
    const firstRow = (side: SideName): number | null =>
      (this.#statements[side].next.get(from * ROWS_MAX) as Row)['id'] as number | null;
    const [source, target] = guard(() => [firstRow('source'), firstRow('target')]);
    const first = Math.min(source ?? Infinity, target ?? Infinity);
    return first === Infinity ? undefined : Math.floor(first / ROWS_MAX);
  }

  /** What was collected stays for the next call. */
  close(): void {
    this.#db.close();
  }

  /** Closes it and forgets what was collected. */
  remove(): void {
    this.#db.close();
    guard(() => {
      removeDatabase(this.#path);
    });
  }

  #addRow(side: SideName, row: KeyRow, number: number): void {
    const id = bucketOf(row.keyHash, SLICE_BITS) * ROWS_MAX + number;
    const failsFilter = row.failsFilter === undefined ? null : row.failsFilter ? 1 : 0;
    this.#statements[side].insert.run(
      id,
      row.keyHash,
      row.digest,
      row.key ?? null,
      row.sealedSourceKey ?? null,
      failsFilter,
    );
  }
}

interface SideStatements {
  insert: StatementSync;
  /** The rows of a slice. */
  select: StatementSync;
  /** The first row from an id on. */
  next: StatementSync;
}

function statements(db: DatabaseSync, side: SideName): SideStatements {
  return {
    insert: db.prepare(`INSERT INTO ${side} VALUES (?, ?, ?, ?, ?, ?)`),
    select: db.prepare(`SELECT * FROM ${side} WHERE id >= ? AND id < ? ORDER BY key_hash`),
    next: db.prepare(`SELECT min(id) AS id FROM ${side} WHERE id >= ?`),
  };
}

/** Removes a store that is not open. */
export function removeDatabase(path: string): void {
  for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(path + suffix, { force: true });
}

function openDatabase(path: string): DatabaseSync {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  // SQLite would let others read it; its own further files get the rights of this one.
  closeSync(openSync(path, 'a', 0o600));
  const db = new DatabaseSync(path);
  db.exec(
    `PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -${CACHE_KIB}`,
  );
  return db;
}

function fingerprintOf(db: DatabaseSync): string | undefined {
  if ((db.prepare('PRAGMA user_version').get() as Row)['user_version'] !== SCHEMA_VERSION) return undefined;
  return (db.prepare('SELECT fingerprint FROM subject').get() as Row | undefined)?.['fingerprint'] as
    string | undefined;
}

function fromRow(row: Row): KeyRow {
  const blob = (value: unknown): Buffer => Buffer.from((value as Uint8Array).buffer);
  return {
    keyHash: blob(row['key_hash']),
    digest: blob(row['digest']),
    key: row['key'] === null ? undefined : blob(row['key']),
    sealedSourceKey: (row['source_key'] as string | null) ?? undefined,
    failsFilter: row['fails_filter'] === null ? undefined : row['fails_filter'] === 1,
  };
}

function guard<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof DynaferryError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new DynaferryError('LOCAL_DISK', `the keys of differing items cannot be kept on this machine: ${reason}`, {
      cause: error,
    });
  }
}
