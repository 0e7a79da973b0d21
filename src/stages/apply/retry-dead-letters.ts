import type { ItemPutter } from '../../dynamodb/put-items.ts';
import type { Pacer } from '../../engine/pacer.ts';
import type { DeadLetters } from './dead-letters.ts';
import type { WrittenChanges } from './change-writer.ts';

export interface RetryOptions {
  letters: DeadLetters;
  putter: ItemPutter;
  pacer: Pacer;
  signal: AbortSignal;
}

/** Writes what was set aside once more, since its cause may have been mended. What is refused again stays set aside. Nothing else may be applied meanwhile. */
export async function retryDeadLetters({ letters, putter, pacer, signal }: RetryOptions): Promise<WrittenChanges> {
  const sums = { puts: 0, deletes: 0 };
  for await (const { name, change } of letters.letters(signal)) {
    const units = Math.ceil((change.end - change.start) / 1024);
    await pacer.acquire(units, signal);
    const { written, consumedUnits } = await putter.putBatch([change], signal);
    pacer.settle(units, consumedUnits);
    if (written === 0) continue;
    await letters.remove(name, signal);
    sums[change.deletes === true ? 'deletes' : 'puts']++;
  }
  return sums;
}
