import { runPool } from '../../engine/pool.ts';
import type { ItemPage, SegmentPosition, SideSettings } from './side.ts';

/** Positions at the beginning of every segment. */
export function newPositions(segments: number): SegmentPosition[] {
  return Array.from({ length: segments }, () => ({ sealed: null, done: false }));
}

/**
 * Reads the rest of a side from its positions on. `onPage` takes a page in and returns where its segment goes on behind it, undefined at the end;
 * it is called for one page at a time and must not wait.
 */
export async function readSegments(
  side: SideSettings,
  positions: readonly SegmentPosition[],
  onPage: (segment: number, page: ItemPage) => void,
  signal?: AbortSignal,
): Promise<void> {
  const scope = new AbortController();
  const either = signal === undefined ? scope.signal : AbortSignal.any([signal, scope.signal]);
  const open = positions.flatMap(({ done }, segment) => (done ? [] : [segment]));
  const read = async (segment: number): Promise<void> => {
    const { sealed } = positions[segment];
    const from = sealed === null ? undefined : side.sealer.open(sealed);
    for await (const page of side.items.pages(segment, from, either)) {
      either.throwIfAborted();
      onPage(segment, page);
    }
  };
  await runPool(open, Math.min(side.concurrency, open.length), read, scope);
}

/** The position behind a page. */
export function positionBehind(side: SideSettings, checkpoint: Buffer | undefined): SegmentPosition {
  return checkpoint === undefined
    ? { sealed: null, done: true }
    : { sealed: side.sealer.seal(checkpoint), done: false };
}

/** Throws MANIFEST_INVALID where a position was sealed with another key than the side's. */
export function checkPositions(side: SideSettings, positions: readonly SegmentPosition[] = []): void {
  for (const { sealed } of positions) if (sealed !== null) side.sealer.open(sealed);
}
