import type { Migration, StageName, Summary } from '../index.ts';
import { exitCodeOf, printFailure, printTrace } from './failure.ts';
import { withMigrations, type OpenFilesOptions } from './open-files.ts';
import { showProgress, type ProgressView } from './progress/show-progress.ts';
import type { Session } from './session.ts';
import { summaryText } from './text/summary-text.ts';
import { totalSummary } from './text/total-summary.ts';

/** What the commands that move data have in common. */
export interface MoveOptions {
  files: readonly string[];
  stages: readonly StageName[];
  /** What is asked of each migration. */
  move: (migration: Migration) => Promise<Summary>;
}

/** Moves data of one or several migrations side by side, shows progress and summaries, and gives the exit code: that of the first file that failed. */
export async function moveData(session: Session, { files, stages, move }: MoveOptions): Promise<number> {
  let view: ProgressView | undefined;
  const options: OpenFilesOptions = {
    signal: session.signal('stopping: saving progress'),
    onEvent: (event) => view?.hear(event),
  };
  return withMigrations(session, files, options, async (migrations) => {
    const names = migrations.map(({ file }) => file.name);
    view = showProgress(session, names, stages);
    const summaries = await Promise.all(migrations.map(move)).finally(() => view?.close());
    for (const [index, migration] of migrations.entries())
      reportSummary(session, migration, summaries[index], {
        stages,
        stateFolder: migration.stateFolder,
        isOneOfSeveral: files.length > 1,
      });
    if (session.json) session.printJson(totalSummary(summaries));
    const failed = summaries.find(({ ok }) => !ok);
    return failed === undefined ? 0 : exitCodeOf(failed.error?.code ?? 'INTERNAL');
  });
}

/** The end of one migration for people: what went wrong, and what has been done. */
export function reportSummary(session: Session, migration: Migration, summary: Summary, of: ReportOptions): void {
  const { name } = migration.file;
  printTrace(session, migration.failure);
  if (session.json) return;
  if (summary.error !== undefined) printFailure(session, summary.error, of.isOneOfSeveral === true ? name : undefined);
  // A migration that failed before anything moved has nothing to sum up; what another process is moving is that one's to tell.
  if (summary.error?.code === 'LOCKED') return;
  const { read, written, objects, captured, applied } = summary;
  const moved = read + written + objects + (captured?.read ?? 0) + (applied?.transferred ?? 0) + (applied?.puts ?? 0);
  if (summary.ok || moved > 0) session.print(summaryText(summary, { migration: name, ...of }, session));
}

interface ReportOptions {
  stages: readonly StageName[];
  stateFolder?: string;
  isOneOfSeveral?: boolean;
}
