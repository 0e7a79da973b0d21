import type { DynamoDbClient } from '../../dynamodb/client.ts';
import { BATCH_BYTES_MAX, BATCH_ITEMS_MAX, ItemPutter, type PutItem } from '../../dynamodb/put-items.ts';
import { DynaferryError } from '../../model/errors.ts';
import type { KeySchema } from '../../model/key.ts';

/** The key of generated profiles, as in `profileTable`. */
const KEY: KeySchema = { partition: { name: 'PK', type: 'S' } };
/** Batches under way at once: enough to hide the way there and back, few enough for a table that has just been made. */
const BATCHES_AT_ONCE = 8;

export interface WriteItemsOptions {
  readonly signal: AbortSignal;
  /** Hears how many items of each batch have been written. */
  readonly onWritten?: (items: number) => void;
}

/**
 * Writes generated items into a table whose partition key is PK, a string, and that has no sort key. Resolves with their number. Throws REQUEST_REFUSED
 * when DynamoDB refuses an item; others may have been written by then.
 */
export async function writeItems(
  client: DynamoDbClient,
  table: string,
  items: Iterable<string>,
  { signal, onWritten }: WriteItemsOptions,
): Promise<number> {
  const putter = new ItemPutter(client, table, KEY);
  const batches = batched(items);
  let written = 0;
  const write = async (): Promise<void> => {
    // All of them take from one iterator, so that a batch is only made when there is somebody to write it.
    for (const batch of batches) {
      const outcome = await putter.putBatch(batch, signal);
      const [refused] = outcome.refused;
      if (refused !== undefined)
        throw new DynaferryError(
          'REQUEST_REFUSED',
          `the table '${table}' does not take generated items (${refused.code})`,
          {
            fix: 'Generate into a table with the partition key PK of type S and no sort key.',
            serviceCode: refused.code,
          },
        );
      written += outcome.written;
      onWritten?.(outcome.written);
    }
  };
  await Promise.all(Array.from({ length: BATCHES_AT_ONCE }, write));
  return written;
}

function* batched(items: Iterable<string>): Generator<PutItem[]> {
  let batch: PutItem[] = [];
  let batchBytes = 0;
  for (const text of items) {
    const bytes = Buffer.from(text);
    if (batch.length === BATCH_ITEMS_MAX || (batch.length > 0 && batchBytes + bytes.length > BATCH_BYTES_MAX)) {
      yield batch;
      batch = [];
      batchBytes = 0;
    }
    batch.push({ bytes, start: 0, end: bytes.length });
    batchBytes += bytes.length;
  }
  if (batch.length > 0) yield batch;
}
