import type { Tombstone, Tombstones } from '../../src/conflict/tombstones.ts';
import { compareStamps, type Stamp } from '../../src/model/stamp.ts';

/** Tombstones in memory; they expire when `kept` is cleared. */
export class MemoryTombstones implements Tombstones {
  readonly kept = new Map<string, Tombstone>();
  now: () => number = () => Date.now();

  async find(identity: string): Promise<Tombstone | undefined> {
    return this.kept.get(identity);
  }

  async raise(identity: string, stamp: Stamp, { removes }: { removes: boolean }): Promise<boolean> {
    const there = this.kept.get(identity);
    const isRaised = there === undefined || compareStamps(there.stamp, stamp) <= 0;
    if (isRaised) this.kept.set(identity, { stamp, removedMs: removes ? this.now() : there?.removedMs });
    return isRaised;
  }

  async touch(identity: string): Promise<void> {
    const there = this.kept.get(identity);
    if (there !== undefined) this.kept.set(identity, { ...there, removedMs: this.now() });
  }
}
