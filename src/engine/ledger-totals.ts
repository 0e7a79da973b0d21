import type { StateDatabase, Row } from './state-database.ts';

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

/** Sums over everything that a ledger has recorded. */
export interface LedgerTotals {
  export: CommittedCounts & { objects: number };
  transfer: { objects: number; items: number; bytes: number };
  load: LoadedCounts & { objects: number; items: number; bytes: number };
}

/** Reads the sums: what `status`, the summary and the accounting go by. */
export function readTotals(db: StateDatabase): LedgerTotals {
  const sum = (sql: string): Row => db.get(sql) as Row;
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
