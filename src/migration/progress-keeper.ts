import type { Ledger } from '../engine/ledger.ts';
import type { ProgressEvent, StageName } from '../model/events.ts';

/** How often the ledger is told where a stage stands, for `status` of another process. */
const KEEP_MS = 1000;

/** Keeps the latest progress of every stage in the ledger. */
export class ProgressKeeper {
  #ledger: Ledger | undefined;
  readonly #keptMs = new Map<StageName, number>();

  set ledger(ledger: Ledger) {
    this.#ledger = ledger;
  }

  hear(event: ProgressEvent): void {
    if (event.type !== 'progress' || this.#ledger === undefined) return;
    const nowMs = Date.now();
    if (nowMs - (this.#keptMs.get(event.stage) ?? 0) < KEEP_MS) return;
    this.#keptMs.set(event.stage, nowMs);
    this.#ledger.setProgress(event, nowMs);
  }
}
