import { once } from 'node:events';
import type { Demo, GenerateOptions, Summary } from '../index.ts';
import { keepText, nextText } from './demo-keep.ts';
import { lookFirst, step } from './demo-steps.ts';
import { exitCodeOf } from './failure.ts';
import { reportSummary } from './move-data.ts';
import { CountView } from './progress/count-view.ts';
import { showProgress, type ProgressView } from './progress/show-progress.ts';
import type { Session } from './session.ts';
import { count } from './text/quantities.ts';

export interface DemoCommandOptions {
  items?: number;
  match: number;
  seed: number;
  live?: boolean;
  keep?: boolean;
}

const ITEMS = 16_000;
/** DynamoDB Local takes its time to write them. */
const LIVE_ITEMS = 5000;

const LOCAL = ` DynamoDB is AWS's DynamoDB Local here,
which has streams, and takes some seconds to start.`;

const STAGES = ['export', 'transfer', 'load', 'verify'] as const;

/** Shows the whole job to a newcomer, step by step. */
export async function demo(
  session: Session,
  { live = false, keep = false, ...options }: DemoCommandOptions,
): Promise<number> {
  const signal = session.signal('stopping');
  const made = { ...options, items: options.items ?? (live ? LIVE_ITEMS : ITEMS) };
  const opened = await fillSource(session, made, live, signal);
  try {
    const exitCode = await (live
      ? (await import('./demo-live.ts')).migrateLive(session, opened, made, signal)
      : migrate(session, opened, signal));
    if (keep && !signal.aborted) {
      session.tell(keepText(opened, live));
      await once(signal, 'abort');
    } else if (exitCode === 0) session.tell(nextText(live));
    return exitCode;
  } finally {
    await opened.close();
  }
}

async function fillSource(
  session: Session,
  { items, match, seed }: GenerateOptions,
  live: boolean,
  signal: AbortSignal,
): Promise<Demo> {
  const { openDemo } = await import('../index.ts');
  const { bold } = session.colors;
  session.tell(
    `${bold('Dynaferry demo: part of a table crosses a border that AWS does not')}

Two sites on this machine, as far apart as AWS keeps them: a global region and
a China region, each with its own DynamoDB, its own S3 and its own credentials,
of which the other knows nothing.${live ? LOCAL : ''}

${step(session, 1, `Fill table user-us in us-west-2 with ${count(items)} fake user profiles`)}`,
  );
  const view = new CountView(session, 'generate', { total: items });
  let generated = 0;
  try {
    return await openDemo({
      items,
      seed,
      ...(match !== undefined && { match }),
      live,
      signal,
      onGenerated: (now) => {
        view.add(now - generated);
        generated = now;
      },
    });
  } finally {
    view.close();
  }
}

async function migrate(session: Session, { migrationPath, env }: Demo, signal: AbortSignal): Promise<number> {
  const { openMigration } = await import('../index.ts');
  let view: ProgressView | undefined;
  const onEvent: ProgressView['hear'] = (event) => view?.hear(event);
  const migration = await openMigration(migrationPath, { env, signal, onEvent });
  try {
    if (!session.json) await lookFirst(session, migration, migrationPath);
    session.tell(
      `${step(session, 4, 'Move it', 'dynaferry run migration.yaml')}
Export, transfer and load overlap: an object crosses as soon as it is written,
and is loaded as soon as it has crossed. Then all items are compared: the target
must be exactly the policy applied to the source.
`,
    );
    view = showProgress(session, [migration.file.name], STAGES);
    const summary: Summary = await migration.run().finally(() => view?.close());
    session.tell('');
    reportSummary(session, migration, summary, { stages: STAGES });
    if (session.json) session.printJson(summary);
    return summary.ok ? 0 : exitCodeOf(summary.error?.code ?? 'INTERNAL');
  } finally {
    await migration.close();
  }
}
