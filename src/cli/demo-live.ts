import { setTimeout as sleep } from 'node:timers/promises';
import type { DemoApplication } from '../demo/live/application.ts';
import type { Demo, EventListener, GenerateOptions, Migration, ProgressEvent, StageName, Summary } from '../index.ts';
import { lookFirst, step } from './demo-steps.ts';
import { exitCodeOf } from './failure.ts';
import { reportSummary } from './move-data.ts';
import { showProgress, type ProgressView } from './progress/show-progress.ts';
import type { Session } from './session.ts';
import { count } from './text/quantities.ts';

const LIVE: readonly StageName[] = ['capture', 'export', 'transfer', 'load', 'transfer-changes', 'apply'];
const CUTOVER: readonly StageName[] = ['capture', 'transfer-changes', 'apply', 'verify'];

const LOOK_MS = 250;
const TELL_MS = 1000;
/** The target has caught up when nothing has been on its way for longer. */
const BEHIND_MS_MAX = 4000;
/** So long one may watch it keep up. */
const WATCHED_MS = 8000;
/** On a machine that is too busy to catch up it is cut over anyway, which waits for the rest. */
const LIVE_MS_MAX = 30_000;

/** Moves a demo's table while an application goes on changing it, then cuts over, and gives the exit code. */
export async function migrateLive(
  session: Session,
  demo: Demo,
  made: GenerateOptions,
  signal: AbortSignal,
): Promise<number> {
  const { DemoApplication } = await import('../demo/live/application.ts');
  const show = new LiveShow(session, demo);
  const stop = new AbortController();
  const first = await show.open(AbortSignal.any([signal, stop.signal]));
  const application = DemoApplication.start(demo, made, signal);
  try {
    if (!session.json) await lookFirst(session, first, demo.migrationPath);
    const ended = await show.replicate(first, application, stop);
    if (ended !== undefined) return report(session, first, ended, LIVE);
  } finally {
    await first.close();
    await application.stop();
  }
  const second = await show.open(signal);
  try {
    return report(session, second, await show.cutover(second, application), CUTOVER);
  } finally {
    await second.close();
  }
}

function report(session: Session, migration: Migration, summary: Summary, stages: readonly StageName[]): number {
  session.tell('');
  reportSummary(session, migration, summary, { stages });
  if (session.json) session.printJson(summary);
  return summary.ok ? 0 : exitCodeOf(summary.error?.code ?? 'INTERNAL');
}

/** The two halves of a live demo as they are shown. */
class LiveShow {
  readonly #session: Session;
  readonly #demo: Demo;
  #listener: EventListener = () => undefined;

  constructor(session: Session, demo: Demo) {
    this.#session = session;
    this.#demo = demo;
  }

  async open(signal: AbortSignal): Promise<Migration> {
    const { openMigration } = await import('../index.ts');
    const { migrationPath, env } = this.#demo;
    return openMigration(migrationPath, { env, signal, onEvent: (event) => this.#listener(event) });
  }

  /** Runs until one has seen the target keep up, and stops it then; its summary where it ended before. */
  async replicate(
    migration: Migration,
    application: DemoApplication,
    stop: AbortController,
  ): Promise<Summary | undefined> {
    const { file } = migration;
    this.#session
      .tell(`${step(this.#session, 4, 'Move it while an application changes it', 'dynaferry run --live migration.yaml')}
The application makes a hundred changes a second: new profiles, others in place
of old ones, deletes; some move into China, some out of it. Changes are captured
from before the export on, and applied after the load. How far the target lies
behind is what the application sees there (DynamoDB Local knows only minutes).
`);
    const view = showProgress(this.#session, [file.name], LIVE);
    let isApplying = false;
    this.#listener = (event) => {
      isApplying ||= event.type === 'stage' && event.stage === 'apply';
      hearWithoutLag(view, event);
    };
    const tell = setInterval(() => {
      const { lag, waiting } = application;
      if (lag !== undefined) view.hear({ type: 'lag', migration: file.name, stage: 'apply', ...lag, waiting });
    }, TELL_MS);
    const watching = new AbortController();
    const isCaughtUp = (): boolean => isApplying && application.behindMs < BEHIND_MS_MAX;
    const running = migration.run({ live: true });
    try {
      const ended = await Promise.race([running, untilSeen(isCaughtUp, watching.signal)]);
      if (ended !== undefined) return ended;
    } finally {
      clearInterval(tell);
      watching.abort();
      view.close();
      // What comes of being stopped is nothing to show.
      this.#listener = () => undefined;
    }
    stop.abort();
    await running;
    return undefined;
  }

  async cutover(migration: Migration, application: DemoApplication): Promise<Summary> {
    this.#session.tell(`
${step(this.#session, 5, 'Stop the application, and switch', 'dynaferry cutover migration.yaml')}
It has made ${count(application.changes)} changes. When the last of them are at the target, all items are
compared: the target must be exactly the policy applied to the source.
`);
    const view = showProgress(this.#session, [migration.file.name], CUTOVER);
    this.#listener = (event) => hearWithoutLag(view, event);
    return migration.cutover().finally(() => view.close());
  }
}

/** Of a write's time DynamoDB Local tells the minute only: what is told of the lag is up to a minute too long, so it is left out. */
function hearWithoutLag(view: ProgressView, event: ProgressEvent): void {
  if (event.type !== 'lag') view.hear(event);
}

/** Resolves when the target has kept up for a while, or will not. */
async function untilSeen(isCaughtUp: () => boolean, signal: AbortSignal): Promise<void> {
  const startedMs = performance.now();
  let caughtUpMs = Infinity;
  for (let nowMs = startedMs; nowMs - caughtUpMs < WATCHED_MS && nowMs - startedMs < LIVE_MS_MAX;) {
    await sleep(LOOK_MS, undefined, { signal });
    nowMs = performance.now();
    if (isCaughtUp()) caughtUpMs = Math.min(caughtUpMs, nowMs);
  }
}
