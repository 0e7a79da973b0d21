import type { ChangeLedger } from '../engine/change-ledger.ts';
import type { Ledger } from '../engine/ledger.ts';
import type { ProgressEvent, StageName, StageProgress } from '../model/events.ts';

/** How often the ledger is told where a stage stands, for `status` of another process. */
const KEEP_MS = 1000;

/** Keeps the latest progress of every stage in the ledger, and its lag in that of changes: every so often while it runs, and the last word when it ends. */
export class ProgressKeeper {
  readonly #changeLedger: () => ChangeLedger;
  #ledger: Ledger | undefined;
  readonly #latest = new Map<StageName, StageProgress>();
  readonly #keptMs = new Map<StageName, number>();

  /** The ledger of changes is asked for only when there is a lag to keep. */
  constructor(changeLedger: () => ChangeLedger) {
    this.#changeLedger = changeLedger;
  }

  set ledger(ledger: Ledger) {
    this.#ledger = ledger;
  }

  hear(event: ProgressEvent): void {
    if (event.type === 'progress') {
      this.#latest.set(event.stage, event);
      if (Date.now() - (this.#keptMs.get(event.stage) ?? 0) >= KEEP_MS) this.#keep(event);
    } else if (event.type === 'lag') {
      this.#changeLedger().setFact(`lag:${event.stage}`, JSON.stringify({ ...event, toldMs: Date.now() }));
    } else if (event.type === 'stage') {
      const latest = this.#latest.get(event.stage);
      if (latest !== undefined) this.#keep(latest);
    }
  }

  #keep(progress: StageProgress): void {
    const nowMs = Date.now();
    this.#keptMs.set(progress.stage, nowMs);
    this.#ledger?.setProgress(progress, nowMs);
  }
}
