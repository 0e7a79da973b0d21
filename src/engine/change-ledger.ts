import { DynaferryError } from '../model/errors.ts';
import type { CaptureState, ChangeCommit, ShardPosition } from '../staging/change-log.ts';
import { ChangeSums, SUM_TABLES, type AppliedCounts, type ChangeStage, type ChangeTotals } from './change-sums.ts';
import { StateDatabase, type StateSchema } from './state-database.ts';

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
  ${SUM_TABLES}`,
};

/** Facts of a change log as a whole: its id, which process of this machine applied it last, and how far behind the stages are. */
export type ChangeFactName = 'captureId' | 'appliedBy' | `lag:${string}`;

/**
 * How far capture, transfer and apply of one migration's changes have come on this machine, in SQLite. Every write is one transaction that is on disk when
 * the call returns; it is made after what it vouches for is durable, so after a crash it may lack something that was done and never claims what was not.
 * Another process may read it meanwhile, and each stage may be written by a process of its own.
 */
export class ChangeLedger {
  readonly #db: StateDatabase;
  readonly #sums: ChangeSums;
  /** The change log that this process follows. */
  #captureId: string | undefined;

  private constructor(db: StateDatabase) {
    this.#db = db;
    this.#sums = new ChangeSums(db);
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
    this.#record(() => {
      if (this.#sums.add('captured', commit, { ...objectSums(commit), counts: commit.counts }))
        this.#setPositions(commit.checkpoints ?? []);
    });
  }

  /** Takes over where a capture stood at a commit, in place of what is recorded of it. */
  restoreCaptured(commit: ChangeCommit, state: CaptureState): void {
    this.#record(() => {
      this.#db.run('DELETE FROM shard');
      this.#sums.clear('captured');
      this.#sums.add('captured', { ...commit, newestMicros: state.newestMicros }, state);
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
      this.#sums.add('transferred', commit, { ...objectSums(commit), counts: { changes: object?.items ?? 0 } });
    });
  }

  /** Records commits, in their order, of which everything is at the target or dead-lettered. Nothing where the last one is recorded already. */
  recordApplied(commits: readonly ChangeCommit[], counts: AppliedCounts): void {
    const last = commits.at(-1);
    if (last === undefined) return;
    const objects = commits.flatMap(({ object }) => object ?? []);
    const newest = commits.flatMap(({ newestMicros }) => newestMicros ?? []);
    this.#record(() => {
      this.#sums.add(
        'applied',
        { ...last, newestMicros: newest.length === 0 ? undefined : Math.max(...newest) },
        { objects: objects.length, bytes: objects.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0), counts },
      );
    });
  }

  /** Changes that were dead-lettered have come to be something else. */
  reviseApplied(counts: AppliedCounts): void {
    this.#record(() => this.#sums.revise(counts));
  }

  /** Takes over how far another machine has applied the log; nothing where this one has come further. */
  adoptApplied(totals: ChangeTotals['applied']): void {
    this.#record(() => {
      if (totals.seq <= this.last('applied')) return;
      this.#sums.clear('applied');
      this.#sums.add('applied', totals, { ...totals, counts: totals });
    });
  }

  /** The last commit that a stage is done with; 0 where there is none. The next one is where it goes on. */
  last(stage: ChangeStage): number {
    return this.#sums.last(stage);
  }

  /** Sums over everything recorded: what `status`, the summary and the accounting go by. */
  totals(): ChangeTotals {
    return this.#sums.totals();
  }

  close(): void {
    this.#db.close();
  }

  #forgetAll(): void {
    for (const table of ['fact', 'shard']) this.#db.run(`DELETE FROM ${table}`);
    this.#sums.clear('captured', 'transferred', 'applied');
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
}

function objectSums({ object }: ChangeCommit): { objects: number; bytes: number } {
  return { objects: object === null ? 0 : 1, bytes: object?.sizeBytes ?? 0 };
}
