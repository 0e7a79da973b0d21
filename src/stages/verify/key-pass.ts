import type { BucketSet } from './bucket-set.ts';
import type { KeyRow, KeyStore } from './key-store.ts';
import { checkPositions, newPositions, positionBehind, readSegments } from './segments.ts';
import type { ItemPage, SideName, SideSettings } from './side.ts';
import type { SideReader } from './side-reader.ts';

export interface KeyPassOptions {
  /** Hears how many items this call has read. */
  onItems?: (items: number) => void;
  signal?: AbortSignal;
}

/** The second pass over one side: reads all of it again and collects the items of differing buckets. Goes on where an earlier call stopped. */
export async function collectKeys(
  name: SideName,
  side: SideSettings,
  reader: SideReader,
  buckets: BucketSet,
  store: KeyStore,
  options: KeyPassOptions = {},
): Promise<void> {
  const positions = newPositions(side.items.segments);
  for (const [segment, position] of store.positions(name)) positions[segment] = position;
  checkPositions(side, positions);
  let items = 0;
  const onPage = (segment: number, page: ItemPage): void => {
    const rows: KeyRow[] = [];
    const { read, checkpoint } = page.forEach(reader.view, (item) => {
      if (reader.read(item) !== 'passed' || !buckets.holds(reader.digester.keyHash)) return;
      rows.push(rowOf(reader, side, reader.trace(item)));
    });
    store.add(name, rows, segment, positionBehind(side, checkpoint));
    items += read;
    options.onItems?.(items);
  };
  await readSegments(side, positions, onPage, options.signal);
}

function rowOf(reader: SideReader, side: SideSettings, trace: ReturnType<SideReader['trace']>): KeyRow {
  const { keyHash, digest } = reader.digester;
  const { key, sourceKey, failsFilter } = trace;
  return { keyHash, digest, key, sealedSourceKey: sourceKey && side.sealer.seal(sourceKey), failsFilter };
}
