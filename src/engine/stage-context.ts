import type { EventListener, StageName, StageProgress } from '../model/events.ts';
import { systemClock, type Clock } from './pacer.ts';

/** What a stage gets from whoever runs it. */
export interface StageContext {
  migration: string;
  signal: AbortSignal;
  onEvent: EventListener;
  clock?: Clock;
}

type Counts = Omit<StageProgress, 'type' | 'migration' | 'stage'>;

/** How often a stage says where it stands. */
const REPORT_MS = 250;

/** Counts what a stage does and reports it every so often, and once more at the end. */
export class StageMeter {
  readonly counts: Counts;
  readonly #context: StageContext;
  readonly #stage: StageName;
  readonly #clock: Clock;
  #reportedMs = -Infinity;
  /** Reports what came too soon after the report before, when nothing comes after it. */
  #later: NodeJS.Timeout | undefined;
  #isRunning = false;

  constructor(context: StageContext, stage: StageName, start: Partial<Counts> = {}) {
    this.#context = context;
    this.#stage = stage;
    this.#clock = context.clock ?? systemClock;
    this.counts = { items: 0, bytes: 0, objects: 0, throttles: 0, retries: 0, ...start };
  }

  /** Adds to the counts. */
  add(
    more: Partial<
      Record<'items' | 'bytes' | 'objects' | 'filtered' | 'deadLettered' | 'throttles' | 'retries', number>
    >,
  ): void {
    for (const [name, value] of Object.entries(more) as [keyof typeof more, number][])
      this.counts[name] = (this.counts[name] ?? 0) + value;
    if (this.#clock.nowMs() - this.#reportedMs >= REPORT_MS) this.#emit();
    else if (this.#isRunning) this.#later ??= setTimeout(() => this.#emit(), REPORT_MS).unref();
  }

  /** Says that the stage begins, or goes on where something was done before. */
  started(resumed: boolean): void {
    this.#isRunning = true;
    this.#state(resumed ? 'resumed' : 'started');
    this.#emit();
  }

  /** Says that there was nothing left to do. */
  passed(): void {
    this.started(true);
    this.finished();
  }

  finished(): void {
    this.#isRunning = false;
    this.#emit();
    this.#state('finished');
  }

  failed(): void {
    this.#isRunning = false;
    this.#emit();
    this.#state('failed');
  }

  #state(state: 'started' | 'resumed' | 'finished' | 'failed'): void {
    this.#context.onEvent({ type: 'stage', migration: this.#context.migration, stage: this.#stage, state });
  }

  #emit(): void {
    clearTimeout(this.#later);
    this.#later = undefined;
    this.#reportedMs = this.#clock.nowMs();
    this.#context.onEvent({ type: 'progress', migration: this.#context.migration, stage: this.#stage, ...this.counts });
  }
}
