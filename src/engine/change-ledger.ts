import { DynaferryError } from '../model/errors.ts';
import type { CaptureState, ChangeCommit, ChangeCounts, ShardPosition } from '../staging/change-log.ts';
import { StateDatabase, type Row, type StateSchema } from './state-database.ts';

/**
 * Described in docs/formats/ledger.md. Changes come without end, so nothing here grows with them: each of the three stages goes on strictly in the order of
 * the commits, and its sums and the last commit that they cover are one row.
 */
const CHANGE_LEDGER: StateSchema = {
  file: 'changes.sqlite',
  version: 2,
  fixVersion: 'Go on with the version of dynaferry that began the capture, or choose another --state-dir.',
  tables: `
  CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
  CREATE TABLE shard (shard_id TEXT PRIMARY KEY, parent TEXT, after TEXT, done INTEGER NOT NULL, through_ms INTEGER NOT NULL, clock_micros INTEGER) STRICT;
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
`,
};

/** Facts of a change log as a whole: its id, which process of this machine applied it last, and how far behind the stages are. */
export type ChangeFactName = 'captureId' | 'appliedBy' | `lag:${string}`;

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

/** Sums over all commits that each stage is done with. */
export interface ChangeTotals {
  captured: StageTotals & ChangeCounts;
  transferred: StageTotals & { changes: number };
  applied: StageTotals & AppliedCounts;
}

type Stage = keyof ChangeTotals;

/**
 * How far capture, transfer and apply of one migration's changes have come on this machine, in SQLite. Every write is one transaction that is on disk when
 * the call returns; it is made after what it vouches for is durable, so after a crash it may lack something that was done and never claims what was not.
 * Another process may read it meanwhile, and each stage may be written by a process of its own.
 */
export class ChangeLedger {
  readonly #db: StateDatabase;
  /** The change log that this process follows. */
  #captureId: string | undefined;

  private constructor(db: StateDatabase) {
    this.#db = db;
  }

  /** Opens or creates the ledger in a migration's state folder. Throws LOCAL_DISK where that is not possible. */
  static open(folder: string): ChangeLedger {
    return new ChangeLedger(StateDatabase.open(folder, CHANGE_LEDGER));
  }

  /** Opens the ledger in a folder for looking at it; an empty one where there is none, so that looking leaves nothing behind. */
  static peek(folder: string): ChangeLedger {
    return new ChangeLedger(StateDatabase.peek(folder, CHANGE_LEDGER));
  }

  /** A fact of the change log as a whole; undefined where it was never set. */
  fact(name: ChangeFactName): string | undefined {
    return this.#db.get('SELECT value FROM fact WHERE name = ?', name)?.['value'] as string | undefined;
  }

  setFact(name: ChangeFactName, value: string): void {
    this.#db.run('INSERT INTO fact VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value', name, value);
  }

  /** Forgets everything: a new change log begins. */
  clear(): void {
    this.#captureId = undefined;
    this.#db.transaction(() => this.#forgetAll());
  }

  /**
   * Goes on with a change log; what is known of another one is forgotten. From then on nothing more is recorded of this one once another process follows another: then what
   * records throws CAPTURE_RESTARTED, or numbers of commits of the one log would be taken for those of the other.
   */
  follow(captureId: string): void {
    this.#db.transaction(() => {
      if (this.fact('captureId') === captureId) return;
      this.#forgetAll();
      this.setFact('captureId', captureId);
    });
    this.#captureId = captureId;
  }

  /** Records a commit of the capture that is durable in staging, and the positions that it makes good. One that is recorded already is left as it is. */
  recordCaptured(commit: ChangeCommit): void {
    const { object, counts, checkpoints = [] } = commit;
    this.#record(() => {
      const added = this.#add('captured', commit, {
        objects: object === null ? 0 : 1,
        bytes: object?.sizeBytes ?? 0,
        ...countColumns(counts),
      });
      if (added) this.#setPositions(checkpoints);
    });
  }

  /** Takes over where a capture stood at a commit, in place of what is recorded of it. */
  restoreCaptured(commit: ChangeCommit, state: CaptureState): void {
    this.#record(() => {
      for (const table of ['shard', 'captured']) this.#db.run(`DELETE FROM ${table}`);
      const { objects, bytes, counts, newestMicros } = state;
      this.#add('captured', { ...commit, newestMicros }, { objects, bytes, ...countColumns(counts) });
      this.#setPositions(state.positions);
    });
  }

  /** How far each shard has been read, by its id. */
  positions(): Map<string, ShardPosition> {
    const rows = this.#db.all('SELECT * FROM shard');
    return new Map(
      rows.map((row) => {
        const shardId = row['shard_id'] as string;
        return [
          shardId,
          {
            shardId,
            parent: row['parent'] as string | null,
            after: row['after'] as string | null,
            done: row['done'] === 1,
            throughMs: row['through_ms'] as number,
            ...(row['clock_micros'] !== null && { clockMicros: row['clock_micros'] as number }),
          },
        ];
      }),
    );
  }

  /** Forgets shards that are read to their end and that the stream does not know any more. */
  forgetShards(shardIds: readonly string[]): void {
    this.#record(() => {
      for (const shardId of shardIds) this.#db.run('DELETE FROM shard WHERE shard_id = ? AND done = 1', shardId);
    });
  }

  /** Records a commit that has arrived in the target's staging. One that is recorded already is left as it is. */
  recordTransferred(commit: ChangeCommit): void {
    const { object } = commit;
    this.#record(() => {
      this.#add('transferred', commit, {
        objects: object === null ? 0 : 1,
        bytes: object?.sizeBytes ?? 0,
        changes: object?.items ?? 0,
      });
    });
  }

  /** Records commits, in their order, of which everything is at the target or dead-lettered. Nothing where the last one is recorded already. */
  recordApplied(commits: readonly ChangeCommit[], counts: AppliedCounts): void {
    const last = commits.at(-1);
    if (last === undefined) return;
    const objects = commits.flatMap(({ object }) => object ?? []);
    const newest = commits.flatMap(({ newestMicros }) => newestMicros ?? []);
    this.#record(() => {
      this.#add(
        'applied',
        { ...last, newestMicros: newest.length === 0 ? undefined : Math.max(...newest) },
        {
          objects: objects.length,
          bytes: objects.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
          ...appliedColumns(counts),
        },
      );
    });
  }

  /** Changes that were dead-lettered have come to be something else. */
  reviseApplied(counts: AppliedCounts): void {
    const columns = appliedColumns(counts);
    const names = Object.keys(columns);
    this.#record(() => {
      this.#db.run(
        `UPDATE applied SET ${names.map((name) => `${name} = ${name} + ?`).join(', ')}`,
        ...Object.values(columns),
      );
    });
  }

  /** Takes over how far another machine has applied the log; nothing where this one has come further. */
  adoptApplied(totals: ChangeTotals['applied']): void {
    const { seq, throughMs, newestMicros, objects, bytes } = totals;
    this.#record(() => {
      if (seq <= this.last('applied')) return;
      this.#db.run('DELETE FROM applied');
      this.#add('applied', { seq, throughMs, newestMicros }, { objects, bytes, ...appliedColumns(totals) });
    });
  }

  /** The last commit that a stage is done with; 0 where there is none. The next one is where it goes on. */
  last(stage: Stage): number {
    return (this.#db.get(`SELECT seq FROM ${stage}`)?.['seq'] as number | undefined) ?? 0;
  }

  /** Sums over everything recorded: what `status`, the summary and the accounting go by. */
  totals(): ChangeTotals {
    const captured = this.#row('captured');
    const transferred = this.#row('transferred');
    const applied = this.#row('applied');
    return {
      captured: {
        ...stageTotals(captured),
        read: number(captured, 'read'),
        before: number(captured, 'before'),
        filtered: number(captured, 'filtered'),
        skipped: number(captured, 'skipped'),
        echoes: number(captured, 'echoes'),
        deadLettered: number(captured, 'dead_lettered'),
        puts: number(captured, 'puts'),
        deletes: number(captured, 'deletes'),
        sourceBytes: number(captured, 'source_bytes'),
      },
      transferred: { ...stageTotals(transferred), changes: number(transferred, 'changes') },
      applied: {
        ...stageTotals(applied),
        puts: number(applied, 'puts'),
        deletes: number(applied, 'deletes'),
        superseded: number(applied, 'superseded'),
        deadLettered: number(applied, 'dead_lettered'),
      },
    };
  }

  close(): void {
    this.#db.close();
  }

  #forgetAll(): void {
    for (const table of ['fact', 'shard', 'captured', 'transferred', 'applied']) this.#db.run(`DELETE FROM ${table}`);
  }

  /** Writes something about the log that this process follows: all of it or nothing. */
  #record(work: () => void): void {
    this.#db.transaction(() => {
      const now = this.#captureId === undefined ? undefined : this.fact('captureId');
      if (now !== this.#captureId)
        throw new DynaferryError(
          'CAPTURE_RESTARTED',
          `another process of this machine has left the change log ${this.#captureId}${now === undefined ? '' : ` and follows ${now}`}`,
        );
      work();
    });
  }

  #setPositions(positions: readonly ShardPosition[]): void {
    for (const { shardId, parent, after, done, throughMs, clockMicros } of positions)
      this.#db.run(
        'INSERT OR REPLACE INTO shard VALUES (?, ?, ?, ?, ?, ?)',
        shardId,
        parent,
        after,
        done ? 1 : 0,
        throughMs,
        clockMicros ?? null,
      );
  }

  /** Adds to a stage's sums; false where the commit is among them already. */
  #add(
    stage: Stage,
    { seq, newestMicros, throughMs }: Pick<ChangeCommit, 'seq' | 'newestMicros' | 'throughMs'>,
    sums: Record<string, number>,
  ): boolean {
    if (seq <= this.last(stage)) return false;
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

  #row(stage: Stage): Row | undefined {
    return this.#db.get(`SELECT * FROM ${stage}`);
  }
}

function appliedColumns({ puts, deletes, superseded, deadLettered }: AppliedCounts): Record<string, number> {
  return { puts, deletes, superseded, dead_lettered: deadLettered };
}

function countColumns(counts: ChangeCounts): Record<string, number> {
  const { deadLettered, sourceBytes, ...same } = counts;
  return { ...same, dead_lettered: deadLettered, source_bytes: sourceBytes };
}

function stageTotals(row: Row | undefined): StageTotals {
  return {
    seq: number(row, 'seq'),
    objects: number(row, 'objects'),
    bytes: number(row, 'bytes'),
    newestMicros: (row?.['newest_micros'] as number | null | undefined) ?? undefined,
    throughMs: number(row, 'through_ms'),
  };
}

function number(row: Row | undefined, name: string): number {
  return (row?.[name] as number | undefined) ?? 0;
}
