import type { ProgressEvent, StageProgress } from '../model/events.ts';

/**
 * Tells transfer and load how much there is for them to do, from what the export of the same process says: an estimate while it reads, exact when it
 * has ended. A stage that runs alone does not know.
 */
export class ProgressTotals {
  #export: StageProgress | undefined;
  #exportFinished = false;

  /** The event with the totals that are known by now. */
  complete(event: ProgressEvent): ProgressEvent {
    if (event.type === 'stage' && event.stage === 'export') this.#exportFinished = event.state === 'finished';
    if (event.type !== 'progress') return event;
    if (event.stage === 'export') this.#export = event;
    if (event.stage !== 'transfer' && event.stage !== 'load') return event;
    const exported = this.#export;
    if (exported === undefined) return event;
    const passed = exported.items - (exported.filtered ?? 0) - (exported.deadLettered ?? 0);
    if (this.#exportFinished) return { ...event, itemsTotal: passed, objectsTotal: exported.objects };
    const { items, itemsTotal } = exported;
    if (itemsTotal === undefined || items === 0) return event;
    // The description of a table lags behind by hours: there are at least as many items as have been read.
    return { ...event, itemsTotal: Math.round((passed / items) * Math.max(items, itemsTotal)) };
  }
}
