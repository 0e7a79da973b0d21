import type { ProgressEvent, StageName } from '../../index.ts';
import { StageRow } from './stage-row.ts';

/** Where every stage of every migration of a command stands, in the order in which they are shown. */
export class ProgressBoard {
  readonly rows: readonly StageRow[];

  constructor(migrations: readonly string[], stages: readonly StageName[]) {
    this.rows = migrations.flatMap((migration) => stages.map((stage) => new StageRow(migration, stage)));
  }

  /** The row that the event is about; undefined where it is about none. */
  hear(event: ProgressEvent, nowMs: number): StageRow | undefined {
    if (event.type !== 'progress' && event.type !== 'stage' && event.type !== 'lag') return undefined;
    const row = this.rows.find(({ migration, stage }) => migration === event.migration && stage === event.stage);
    if (event.type === 'progress') row?.hear(event, nowMs);
    else if (event.type === 'lag') row?.hearLag(event, nowMs);
    else if (row !== undefined && event.type === 'stage') row.state = event.state;
    return row;
  }
}
