import type { ListedShard } from '../../dynamodb/streams.ts';
import { DynaferryError } from '../../model/errors.ts';
import type { ShardPosition } from '../../staging/change-log.ts';

/**
 * A shard that is read to its end is remembered for so long after its last change, listed or not. The stream lists it for a day after it was closed; a listing that lacks it before is
 * not to be believed, since the shard would be taken for a new one when it is listed again: read once more, behind its children.
 */
const REMEMBERED_MS = 48 * 60 * 60_000;

/** How far the reading of a shard got. */
export type ShardProgress = Pick<ShardPosition, 'after' | 'done' | 'throughMs' | 'clockMicros'>;

/**
 * The shards of one stream and how far each has been read. A key's changes go from shard to shard: a shard that is split or rolled over is closed, and its
 * children go on. So a shard is read only when its parent is read to its end, and shards that are not each other's ancestors are read side by side.
 */
export class ShardTree {
  readonly #shards: Map<string, ShardPosition>;
  /** Shards that somebody reads. */
  readonly #taken = new Set<string>();
  /** Shards that were not known before, until somebody asks for them. */
  #found: string[] = [];
  readonly #streamArn: string;
  /** Whether this is the first look at the stream: what was there before need not be known. */
  #isNew: boolean;
  #throughMs: number;

  /** `positions` are those that an earlier run made durable; `startMs` is the time from which on changes count. */
  constructor(streamArn: string, positions: ReadonlyMap<string, ShardPosition>, startMs: number) {
    this.#streamArn = streamArn;
    this.#shards = new Map(positions);
    this.#isNew = positions.size === 0;
    this.#throughMs = startMs;
  }

  /** A shard that the stream lists and that is new, whose parent is neither listed nor known; undefined where there is none. */
  orphanOf(listed: readonly ListedShard[]): string | undefined {
    const known = new Set([...listed.map(({ ShardId }) => ShardId), ...this.#shards.keys()]);
    return listed.find(
      ({ ShardId, ParentShardId: parentId }) =>
        !this.#shards.has(ShardId) && parentId !== undefined && !known.has(parentId),
    )?.ShardId;
  }

  /**
   * Takes in all shards that the stream lists now; returns those that need not be remembered any more. Throws STREAM_GAP where a shard's parent is unknown: it
   * came and went while nobody looked, and what was in it is lost. At the first look nobody need know the parents.
   */
  update(listed: readonly ListedShard[]): string[] {
    const orphan = this.#isNew ? undefined : this.orphanOf(listed);
    if (orphan !== undefined)
      throw new DynaferryError(
        'STREAM_GAP',
        `source: shard ${orphan} of ${this.#streamArn} goes on where another one ended that came and went while nothing read the stream`,
      );
    const byId = new Map(listed.map((shard) => [shard.ShardId, shard]));
    for (const shard of listed) this.#register(shard, byId);
    this.#isNew = false;
    const parentsNeeded = new Set([...this.#shards.values()].filter(({ done }) => !done).map(({ parent }) => parent));
    const rememberedMs = Date.now() - REMEMBERED_MS;
    const forgotten = [...this.#shards.values()]
      .filter(
        ({ shardId, done, throughMs }) =>
          done && throughMs < rememberedMs && !(byId.has(shardId) || parentsNeeded.has(shardId)),
      )
      .map(({ shardId }) => shardId);
    for (const shardId of forgotten) {
      this.#shards.delete(shardId);
      this.#taken.delete(shardId);
    }
    return forgotten;
  }

  /** The shards that were found since this was asked for last. What is known of them has to become durable: where their parents are gone, a later run would not know that these need not be known. */
  takeFound(): string[] {
    const found = this.#found;
    this.#found = [];
    return found;
  }

  /** The shards that may be read now and that nobody reads yet; from now on somebody does. */
  takeReady(): ShardPosition[] {
    const ready = [...this.#shards.values()].filter((shard) => !shard.done && this.#isDone(shard.parent));
    const fresh = ready.filter(({ shardId }) => !this.#taken.has(shardId));
    for (const shard of fresh) {
      this.#taken.add(shard.shardId);
      // What its parent was read through, it is read through: it has nothing from before the parent's end.
      const parent = shard.parent === null ? undefined : this.#shards.get(shard.parent);
      if (parent !== undefined) {
        const { throughMs, clockMicros } = parent;
        this.advance(shard.shardId, {
          throughMs,
          ...(clockMicros !== undefined && { clockMicros: Math.max(clockMicros, shard.clockMicros ?? 0) }),
        });
      }
    }
    return fresh.map(({ shardId }) => this.position(shardId));
  }

  /** How far a shard has been read. */
  position(shardId: string): ShardPosition {
    const shard = this.#shards.get(shardId);
    if (shard === undefined) throw new DynaferryError('INTERNAL', `shard ${shardId} is not known`);
    return shard;
  }

  /** The shards that are known to go on where this one ends. */
  childrenOf(shardId: string): string[] {
    return [...this.#shards.values()].filter(({ parent }) => parent === shardId).map((child) => child.shardId);
  }

  /** Records how far a shard has been read. Its time never goes back. */
  advance(shardId: string, progress: Partial<ShardProgress>): void {
    const shard = this.position(shardId);
    const throughMs = Math.max(shard.throughMs, progress.throughMs ?? 0);
    this.#shards.set(shardId, { ...shard, ...progress, throughMs });
  }

  /** All changes that were made before then have been read; never goes back. */
  get throughMs(): number {
    const parents = this.#parents();
    const open = [...this.#shards.values()].filter((shard) =>
      // A shard that waits is behind its parent; one that is done and has no children yet will have some.
      shard.done ? !parents.has(shard.shardId) : this.#isDone(shard.parent),
    );
    if (open.length > 0)
      this.#throughMs = Math.max(this.#throughMs, Math.min(...open.map(({ throughMs }) => throughMs)));
    return this.#throughMs;
  }

  /** Whether a shard that is read to its end has no children that are known. */
  get awaitsChildren(): boolean {
    const parents = this.#parents();
    return [...this.#shards.values()].some(({ shardId, done }) => done && !parents.has(shardId));
  }

  /** Whether all that is known is read to its end. */
  get isRead(): boolean {
    return [...this.#shards.values()].every(({ done }) => done);
  }

  #parents(): Set<string | null> {
    return new Set([...this.#shards.values()].map(({ parent }) => parent));
  }

  /** A parent that is not known (any more) is read to its end. */
  #isDone(parent: string | null): boolean {
    return parent === null || (this.#shards.get(parent)?.done ?? true);
  }

  #register(
    { ShardId: shardId, ParentShardId: parentId }: ListedShard,
    listed: ReadonlyMap<string, ListedShard>,
  ): void {
    if (this.#shards.has(shardId)) return;
    const parentListed = parentId === undefined ? undefined : listed.get(parentId);
    if (parentListed !== undefined) this.#register(parentListed, listed);
    const parent = parentId === undefined ? undefined : this.#shards.get(parentId);
    this.#found.push(shardId);
    this.#shards.set(shardId, {
      shardId,
      parent: parent?.shardId ?? null,
      after: null,
      done: false,
      throughMs: parent?.throughMs ?? this.#throughMs,
    });
  }
}
