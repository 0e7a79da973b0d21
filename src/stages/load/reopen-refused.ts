import type { Ledger } from '../../engine/ledger.ts';
import type { S3Bucket } from '../../s3/bucket.ts';
import type { ExportLayout } from '../../staging/layout.ts';

/**
 * Where a load came to its end and set items aside, the objects that hold them are loaded again: the cause may have been mended since. Their dead
 * letters are removed, and written anew where DynamoDB still refuses. A load that was cut off goes on instead, so that a crash never costs more.
 */
export async function reopenRefused(
  bucket: S3Bucket,
  layout: ExportLayout,
  ledger: Ledger,
  signal: AbortSignal,
): Promise<void> {
  const seqs = ledger.refusedObjects();
  if (seqs.length === 0) return;
  for (const seq of seqs)
    for await (const { key } of bucket.list(layout.deadLettersOf('load', seq), { signal }))
      await bucket.delete(key, signal);
  // Last, so that a crash before this begins the same once more.
  ledger.reopenLoaded(seqs);
}
