import type { EventListener, Migration } from '../index.ts';
import { noticeText } from './progress/show-progress.ts';
import type { Session } from './session.ts';

export interface OpenFilesOptions {
  signal?: AbortSignal;
  /** Hears of progress; without it notices are shown, and nothing else. */
  onEvent?: EventListener;
}

/** Opens the migrations that a command was given, does something with them, and closes them whatever comes of it. */
export async function withMigrations<T>(
  session: Session,
  files: readonly string[],
  { signal, onEvent = noticesTo(session, files.length > 1) }: OpenFilesOptions,
  work: (migrations: readonly Migration[]) => Promise<T>,
): Promise<T> {
  const { openMigrations } = await import('../index.ts');
  const migrations = await openMigrations(files, {
    ...(session.stateDir !== undefined && { stateDir: session.stateDir }),
    ...(signal && { signal }),
    onEvent,
  });
  try {
    return await work(migrations);
  } finally {
    await Promise.all(migrations.map((migration) => migration.close()));
  }
}

function noticesTo(session: Session, several: boolean): EventListener {
  return (event) => {
    if (event.type !== 'notice') return;
    if (session.json) session.printJson(event);
    else session.screen.print(noticeText(event, several));
  };
}
