import type { DeadLetters } from './dead-letters.ts';
import type { Lease } from './lease.ts';
import type { Writer, WrittenChanges } from './writer.ts';

/** Writes what was set aside once more, since its cause may have been mended. What is refused again stays set aside. Nothing else may be applied meanwhile. */
export async function retryDeadLetters(
  letters: DeadLetters,
  writer: Writer,
  lease: Lease,
  signal: AbortSignal,
): Promise<WrittenChanges> {
  const sums = { puts: 0, deletes: 0 };
  for await (const letter of letters.letters(signal)) {
    if (!(await lease.during((within) => writer.again(letter, within), signal))) continue;
    await letters.remove(letter.name, signal);
    sums[letter.change.deletes === true ? 'deletes' : 'puts']++;
  }
  return sums;
}
