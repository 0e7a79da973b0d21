import type { ChangeCommit, ChangeCounts } from '../staging/change-log.ts';
import type { Row, StateDatabase } from './state-database.ts';

/** One table for each stage. */
export const SUM_TABLES = `
  CREATE TABLE captured (
    one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL, objects INTEGER NOT NULL, bytes INTEGER NOT NULL,
    read INTEGER NOT NULL, before INTEGER NOT NULL, filtered INTEGER NOT NULL, skipped INTEGER NOT NULL, echoes INTEGER NOT NULL, dead_lettered INTEGER NOT NULL,
    puts INTEGER NOT NULL, deletes INTEGER NOT NULL, source_bytes INTEGER NOT NULL, newest_micros INTEGER, through_ms INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE transferred (
    one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL, objects INTEGER NOT NULL, bytes INTEGER NOT NULL,
    changes INTEGER NOT NULL, newest_micros INTEGER, through_ms INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE applied (
    one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL, objects INTEGER NOT NULL, bytes INTEGER NOT NULL,
    puts INTEGER NOT NULL, deletes INTEGER NOT NULL, superseded INTEGER NOT NULL, dead_lettered INTEGER NOT NULL, newest_micros INTEGER, through_ms INTEGER NOT NULL
  ) STRICT;
`;

/** What became of changes that were applied; together they are all of them. A change that was set aside before may come to be one of the others: then one less is dead-lettered. */
export interface AppliedCounts {
  puts: number;
  deletes: number;
  /** Not written, since a later change is to the same key. */
  superseded: number;
  deadLettered: number;
}

interface StageTotals {
  /** The last commit that the sums cover; 0 where there is none. */
  seq: number;
  objects: number;
  /** Of change objects, compressed. */
  bytes: number;
  /** When the newest change that is covered was made at the source, in microseconds since 1970. */
  newestMicros: number | undefined;
  /** All changes that were made before then (milliseconds since 1970) are covered; 0 where nothing is. */
  throughMs: number;
}

/** What a stage counts of the changes themselves. */
interface StageCounts {
  captured: ChangeCounts;
  transferred: { changes: number };
  applied: AppliedCounts;
}

export type ChangeStage = keyof StageCounts;

/** Sums over all commits that each stage is done with. */
export type ChangeTotals = { [Stage in ChangeStage]: StageTotals & StageCounts[Stage] };

/** The columns of what each stage counts. */
const COLUMNS: { [Stage in ChangeStage]: Record<keyof StageCounts[Stage], string> } = {
  captured: {
    read: 'read',
    before: 'before',
    filtered: 'filtered',
    skipped: 'skipped',
    echoes: 'echoes',
    deadLettered: 'dead_lettered',
    puts: 'puts',
    deletes: 'deletes',
    sourceBytes: 'source_bytes',
  },
  transferred: { changes: 'changes' },
  applied: { puts: 'puts', deletes: 'deletes', superseded: 'superseded', deadLettered: 'dead_lettered' },
};

/** The sums of each stage of changes in the change ledger. Whoever calls sees to it that what belongs together is one transaction. */
export class ChangeSums {
  readonly #db: StateDatabase;

  constructor(db: StateDatabase) {
    this.#db = db;
  }

  /** The last commit that a stage's sums cover; 0 where there is none. */
  last(stage: ChangeStage): number {
    return (this.#db.get(`SELECT seq FROM ${stage}`)?.['seq'] as number | undefined) ?? 0;
  }

  /** Adds what the commits up to this one come to; false where it is among them already. */
  add<Stage extends ChangeStage>(
    stage: Stage,
    { seq, newestMicros, throughMs }: Pick<ChangeCommit, 'seq' | 'newestMicros' | 'throughMs'>,
    { objects, bytes, counts }: { objects: number; bytes: number; counts: StageCounts[Stage] },
  ): boolean {
    if (seq <= this.last(stage)) return false;
    const sums = { objects, bytes, ...toColumns(stage, counts) };
    const names = Object.keys(sums);
    this.#db.run(
      `INSERT INTO ${stage} (one, seq, newest_micros, through_ms, ${names.join(', ')}) VALUES (1, ?, ?, ?, ${names.map(() => '?').join(', ')})
       ON CONFLICT (one) DO UPDATE SET seq = excluded.seq, through_ms = excluded.through_ms,
       newest_micros = coalesce(max(newest_micros, excluded.newest_micros), newest_micros, excluded.newest_micros),
       ${names.map((name) => `${name} = ${name} + excluded.${name}`).join(', ')}`,
      seq,
      newestMicros ?? null,
      throughMs,
      ...Object.values(sums),
    );
    return true;
  }

  /** Adds to what became of changes that are covered already. */
  revise(counts: AppliedCounts): void {
    const columns = toColumns('applied', counts);
    const added = Object.keys(columns).map((name) => `${name} = ${name} + ?`);
    this.#db.run(`UPDATE applied SET ${added.join(', ')}`, ...Object.values(columns));
  }

  clear(...stages: ChangeStage[]): void {
    for (const stage of stages) this.#db.run(`DELETE FROM ${stage}`);
  }

  totals(): ChangeTotals {
    return {
      captured: this.#totalsOf('captured'),
      transferred: this.#totalsOf('transferred'),
      applied: this.#totalsOf('applied'),
    };
  }

  #totalsOf<Stage extends ChangeStage>(stage: Stage): StageTotals & StageCounts[Stage] {
    const row = this.#db.get(`SELECT * FROM ${stage}`);
    return {
      seq: number(row, 'seq'),
      objects: number(row, 'objects'),
      bytes: number(row, 'bytes'),
      newestMicros: (row?.['newest_micros'] as number | null | undefined) ?? undefined,
      throughMs: number(row, 'through_ms'),
      ...fromColumns(stage, row),
    };
  }
}

function toColumns<Stage extends ChangeStage>(stage: Stage, counts: StageCounts[Stage]): Record<string, number> {
  const columns = Object.entries(COLUMNS[stage]) as [keyof StageCounts[Stage], string][];
  return Object.fromEntries(columns.map(([name, column]) => [column, counts[name] as number]));
}

function fromColumns<Stage extends ChangeStage>(stage: Stage, row: Row | undefined): StageCounts[Stage] {
  const columns = Object.entries(COLUMNS[stage]) as [keyof StageCounts[Stage], string][];
  return Object.fromEntries(columns.map(([name, column]) => [name, number(row, column)])) as StageCounts[Stage];
}

function number(row: Row | undefined, name: string): number {
  return (row?.[name] as number | undefined) ?? 0;
}
