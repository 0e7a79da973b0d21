import type { LagReport, StageName, StageProgress, StageState } from '../../index.ts';
import { RateWindow } from './rate-window.ts';

const CHANGE_STAGES: ReadonlySet<StageName> = new Set(['capture', 'transfer-changes', 'apply']);

/** A lag is told about once a second while something happens. */
const LAG_MS_MAX = 10_000;

/** One stage of one migration as it is shown. */
export class StageRow {
  readonly migration: string;
  readonly stage: StageName;
  state: 'waiting' | StageState['state'] = 'waiting';
  progress: StageProgress | undefined;
  #lag: { told: LagReport; atMs: number } | undefined;
  readonly #shown = new RateWindow();
  readonly #items = new RateWindow();
  #first: { atMs: number; value: number } | undefined;
  #last: { atMs: number; value: number } | undefined;

  constructor(migration: string, stage: StageName) {
    this.migration = migration;
    this.stage = stage;
  }

  get isRunning(): boolean {
    return this.state === 'started' || this.state === 'resumed';
  }

  hear(progress: StageProgress, nowMs: number): void {
    this.progress = progress;
    const sample = { atMs: nowMs, value: this.#amount(progress) };
    this.#shown.add(sample.atMs, sample.value);
    this.#items.add(nowMs, progress.items);
    this.#first ??= sample;
    this.#last = sample;
  }

  hearLag(told: LagReport, nowMs: number): void {
    this.#lag = { told, atMs: nowMs };
  }

  /** Of a stage of changes: how far it lies behind. Undefined where nothing happens: what was told once is no lag of now. */
  lag(nowMs: number): LagReport | undefined {
    if (this.#lag === undefined) return undefined;
    const { told, atMs } = this.#lag;
    return told.waiting === 0 && nowMs - atMs > LAG_MS_MAX ? undefined : told;
  }

  /** Items a second, of a transfer bytes a second: lately while it runs, on the whole when it has ended. */
  perSecond(nowMs: number): number | undefined {
    if (this.isRunning) return this.#shown.perSecond(nowMs);
    if (this.#first === undefined || this.#last === undefined) return undefined;
    const elapsedMs = this.#last.atMs - this.#first.atMs;
    return elapsedMs <= 0 ? undefined : (1000 * (this.#last.value - this.#first.value)) / elapsedMs;
  }

  /** What it does: items, or changes of them. */
  get noun(): string {
    return CHANGE_STAGES.has(this.stage) ? 'change' : 'item';
  }

  get countsBytes(): boolean {
    return this.stage === 'transfer';
  }

  /** Undefined where the end is not known. */
  secondsLeft(nowMs: number): number | undefined {
    const rate = this.#items.perSecond(nowMs);
    if (this.progress?.itemsTotal === undefined || rate === undefined || rate <= 0) return undefined;
    const left = this.progress.itemsTotal - this.progress.items;
    return left > 0 ? left / rate : undefined;
  }

  #amount(progress: StageProgress): number {
    return this.countsBytes ? progress.bytes : progress.items;
  }
}
