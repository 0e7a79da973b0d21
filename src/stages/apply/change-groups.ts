import { BoundedQueue } from '../../engine/bounded-queue.ts';
import type { ChangeCommit } from '../../staging/change-log.ts';

/** A commit, and the lines of its object in blocks of whole lines; none where it has no object. */
export interface FetchedChanges {
  commit: ChangeCommit;
  blocks: readonly Buffer[];
}

/** An object on its way. */
interface Fetch {
  fetched: Promise<FetchedChanges>;
}

/** Objects that are fetched ahead of the group that is applied. Capture cuts them at a megabyte, compressed, or 16 MiB of JSON: this bounds what is held. */
const FETCHED_AHEAD = 8;
/** A group is full at so many objects, or at so many bytes of JSON. */
export const GROUP_OBJECTS_MAX = 64;
export const GROUP_BYTES_MAX = 16 * 1024 * 1024;
/**
 * …the first one, which takes in again what may be applied behind the mark, at so many: what is applied and not marked (AppliedPosition.moved) and a group that was
 * under way are less than twice as much and an object.
 */
export const FIRST_GROUP_OBJECTS_MAX = 2 * GROUP_OBJECTS_MAX;
const FIRST_GROUP_BYTES_MAX = 3 * GROUP_BYTES_MAX;

export interface GroupOptions {
  /** Fetches and checks a commit's object. */
  fetch: (commit: ChangeCommit) => Promise<FetchedChanges>;
  /** Up to which commit the first group goes at least, unless it gets too large; all commits up to it have arrived. */
  firstTo: number;
  /** Aborted when nobody takes groups any more, or a commit cannot be had. */
  scope: AbortController;
}

/**
 * Yields commits in their order in groups: all that are there at a moment make one, so that a single one is passed on at once, and many that have piled up are
 * folded and written together.
 */
export async function* changeGroups(
  commits: AsyncIterable<ChangeCommit>,
  { fetch, firstTo, scope }: GroupOptions,
): AsyncGenerator<FetchedChanges[]> {
  const queue = new BoundedQueue<Fetch>(FETCHED_AHEAD);
  let failure: { error: unknown } | undefined;
  const reading = (async (): Promise<void> => {
    try {
      for await (const commit of commits) {
        const fetched = fetch(commit);
        // Whoever takes it hears of its failure.
        fetched.catch(() => undefined);
        await queue.put({ fetched });
      }
    } catch (error) {
      failure = { error };
    } finally {
      queue.end();
    }
  })();
  let goesTo = firstTo;
  try {
    for (let first; (first = await queue.take()) !== undefined;) {
      yield await fillGroup(queue, first, goesTo);
      goesTo = 0;
    }
  } finally {
    scope.abort();
    queue.abandon();
    await reading;
  }
  if (failure !== undefined) throw failure.error;
}

async function fillGroup(queue: BoundedQueue<Fetch>, first: Fetch, goesTo: number): Promise<FetchedChanges[]> {
  const group = [await first.fetched];
  let bytes = jsonBytesOf(group[0]);
  for (;;) {
    const mayEnd = group[group.length - 1].commit.seq >= goesTo || bytes >= FIRST_GROUP_BYTES_MAX;
    if (mayEnd && (group.length >= GROUP_OBJECTS_MAX || bytes >= GROUP_BYTES_MAX)) return group;
    const next = mayEnd ? queue.takeNow() : await queue.take();
    if (next === undefined) return group;
    const fetched = await next.fetched;
    group.push(fetched);
    bytes += jsonBytesOf(fetched);
  }
}

/** Of the lines of a commit's object. */
export function jsonBytesOf({ commit }: Pick<FetchedChanges, 'commit'>): number {
  return commit.object?.jsonBytes ?? 0;
}
