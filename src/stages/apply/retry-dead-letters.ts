import type { DeadLetters } from './dead-letters.ts';
import type { Lease } from './lease.ts';
import type { Writer, WrittenChanges } from './writer.ts';

/**
 * Writes what was set aside once more, since its cause may have been mended. What is refused again stays set aside. Nothing else may be applied meanwhile. A letter is removed within the lease, too:
 * whoever has taken the log since may have put a later one in its place.
 */
export async function retryDeadLetters(
  letters: DeadLetters,
  writer: Writer,
  lease: Lease,
  signal: AbortSignal,
): Promise<WrittenChanges> {
  const sums = { puts: 0, deletes: 0 };
  for await (const letter of letters.letters(signal)) {
    const isDone = await lease.during(async (within) => {
      const isWritten = await writer.again(letter, within);
      if (isWritten) await letters.remove(letter.name, within);
      return isWritten;
    }, signal);
    if (!isDone) continue;
    sums[letter.change.deletes === true ? 'deletes' : 'puts']++;
  }
  return sums;
}
