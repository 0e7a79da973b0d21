import type { StageName } from '../model/events.ts';
import type { ChangeCommit } from '../staging/change-log.ts';
import { LagWindow } from './lag-window.ts';
import { systemClock, type Clock } from './pacer.ts';
import type { StageContext } from './stage-context.ts';

/** What the figures look back over: what was told longer ago says nothing any more. */
export const LAG_WINDOW_MS = 5 * 60_000;
const REPORT_MS = 1000;

/** Tells how far a stage of changes lies behind, about once a second while changes get through it or come to wait for it. */
export class LagReporter {
  readonly #context: StageContext;
  readonly #stage: StageName;
  readonly #waiting: () => number;
  readonly #clock: Clock;
  readonly #window = new LagWindow(LAG_WINDOW_MS);
  readonly #timer: NodeJS.Timeout;
  #isNew = false;
  #toldWaiting = 0;

  /** `waiting` counts the changes that are known to be on their way. */
  constructor(context: StageContext, stage: StageName, waiting: () => number) {
    this.#context = context;
    this.#stage = stage;
    this.#waiting = waiting;
    this.#clock = context.clock ?? systemClock;
    this.#timer = setInterval(() => this.#report(), REPORT_MS).unref();
  }

  /** Changes that were made at the source then, in microseconds since 1970, are through. */
  through(writtenMicros: number, changes = 1): void {
    const nowMs = this.#clock.nowMs();
    this.#window.add(nowMs, Date.now() - writtenMicros / 1000, changes);
    this.#isNew = true;
  }

  /** All changes of a commit are through; they lie between its oldest and its newest. */
  throughAll({ object, oldestMicros, newestMicros }: ChangeCommit): void {
    if (object === null || oldestMicros === undefined || newestMicros === undefined) return;
    const older = Math.ceil(object.items / 2);
    this.through(oldestMicros, older);
    this.through(newestMicros, object.items - older);
  }

  /** The last word. */
  close(): void {
    clearInterval(this.#timer);
    this.#report();
  }

  #report(): void {
    const waiting = this.#waiting();
    if (!this.#isNew && waiting === this.#toldWaiting) return;
    this.#isNew = false;
    this.#toldWaiting = waiting;
    const statistics = this.#window.statistics(this.#clock.nowMs()) ?? { changes: 0 };
    const { migration, onEvent } = this.#context;
    onEvent({ type: 'lag', migration, stage: this.#stage, ...statistics, waiting });
  }
}
