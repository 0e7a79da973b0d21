import type { Merge, Settlement } from '../../conflict/merge.ts';
import { runPool } from '../../engine/pool.ts';

/** Keys of one page that are settled side by side. */
const KEYS_AT_ONCE = 16;

/** Settles what the application wrote in the source's own table. */
export class Settler {
  readonly #merge: Merge;

  constructor(merge: Merge) {
    this.#merge = merge;
  }

  /** Resolves when all of it is settled: each key's in their order, keys side by side. */
  async settle(settlements: readonly Settlement[], signal: AbortSignal): Promise<void> {
    const scope = new AbortController();
    const either = AbortSignal.any([signal, scope.signal]);
    await runPool(
      byKey(settlements),
      Math.min(KEYS_AT_ONCE, settlements.length),
      async (ofKey) => {
        for (const settlement of ofKey) await this.#merge.settle(settlement, either);
      },
      scope,
    );
  }
}

/** What is to be done for each key. Of stamps and deletes that we give only the last counts: each is greater than the one before. */
function byKey(settlements: readonly Settlement[]): Iterable<Settlement[]> {
  const keys = new Map<string, Settlement[]>();
  for (const settlement of settlements) {
    const before = keys.get(settlement.identity) ?? [];
    const last = before.at(-1);
    if (last?.kind === 'stamp') {
      before.pop();
      if (settlement.kind === 'stamp') {
        // That there was no item before holds for all of them together.
        before.push({ ...settlement, inserts: settlement.inserts || last.inserts });
        continue;
      }
      if (settlement.kind !== 'delete') before.push(last);
    }
    keys.set(settlement.identity, [...before, settlement]);
  }
  return keys.values();
}
