import type { CopyProgress, EventListener } from '../../model/events.ts';

type Counts = Omit<CopyProgress, 'type' | 'copy' | 'listingDone' | 'connections'> & {
  excluded: number;
  vanished: number;
  extra: number;
  /** Bytes of the objects that are whole at the target. */
  copiedBytes: number;
};

/** How often a copy says where it stands. */
const REPORT_MS = 250;

/** Counts what becomes of every object of a copy, and reports it every so often. */
export class CopyMeter {
  readonly counts: Counts = {
    listed: 0,
    excluded: 0,
    same: 0,
    objectsTotal: 0,
    bytesTotal: 0,
    copied: 0,
    bytes: 0,
    copiedBytes: 0,
    vanished: 0,
    failed: 0,
    archived: 0,
    extra: 0,
    deleted: 0,
    throttles: 0,
    retries: 0,
  };
  listingDone = false;
  readonly #copy: string;
  readonly #onEvent: EventListener;
  readonly #connections: () => number;
  #reportedMs = -Infinity;

  /** `connections` tells how many are used at the moment. */
  constructor(copy: string, onEvent: EventListener, connections: () => number) {
    this.#copy = copy;
    this.#onEvent = onEvent;
    this.#connections = connections;
  }

  add(more: Partial<Counts>): void {
    for (const [name, value] of Object.entries(more) as [keyof Counts, number][]) this.counts[name] += value;
    const nowMs = performance.now();
    if (nowMs - this.#reportedMs < REPORT_MS) return;
    this.#reportedMs = nowMs;
    this.report();
  }

  report(): void {
    const { excluded: _e, vanished: _v, extra: _x, copiedBytes: _b, ...counts } = this.counts;
    this.#onEvent({
      type: 'copy',
      copy: this.#copy,
      listingDone: this.listingDone,
      connections: this.#connections(),
      ...counts,
    });
  }
}
