import type { StreamRecord } from '../dynamodb/record-view.ts';
import type { ItemView } from '../model/item.ts';
import { compareStamps, type Stamp } from '../model/stamp.ts';
import { rangeOf } from './attribute-judge.ts';
import type { Judge, Judgement, ShardClock } from './judge.ts';
import { Marker, type Mark } from './mark.ts';

/** Tells the application's writes from our own by our marks, and gives the application's their stamps. Records must be read with a name table that has MARK. */
export class ManagedJudge implements Judge {
  /** The region of this site. */
  readonly #origin: string;
  readonly #marker = new Marker();

  constructor(origin: string) {
    this.#origin = origin;
  }

  judge(record: StreamRecord, identity: string, clock: ShardClock): Judgement {
    const { keys, newImage, oldImage } = record;
    const key = rangeOf(keys);
    const before = oldImage && this.#marker.read(oldImage);
    const after = newImage && this.#marker.read(newImage);
    // Whatever follows in this shard was made by somebody who may have seen these.
    for (const mark of [before, after])
      if (mark !== undefined) clock.lastMicros = Math.max(clock.lastMicros, Number(mark.stamp.version));
    if (newImage === undefined) {
      if (before?.deletes === true) return { is: 'echo' };
      const stamp = this.#next(record, clock);
      return { is: 'write', stamp, settlement: { kind: 'delete', identity, key, stamp } };
    }
    if (after !== undefined && this.#isOurs(newImage, after, oldImage, before)) {
      if (oldImage !== undefined) return { is: 'echo' };
      // An application that puts back unchanged what came from the other site looks the same: it may have been deleted since.
      return { is: 'echo', settlement: { kind: 'look', identity, key, stamp: after.stamp } };
    }
    const stamp = this.#next(record, clock);
    return {
      is: 'write',
      stamp,
      settlement: {
        kind: 'stamp',
        identity,
        key,
        stamp,
        image: rangeOf(newImage),
        isOverOurs: after !== undefined && this.#isPut(after),
        inserts: oldImage === undefined,
        writtenMs: record.createdMs,
      },
    };
  }

  /**
   * Whether we made the write: its mark is greater than the one before, and either nothing but the mark is new, or the mark is one that we put together with content, and
   * fits it. An application that writes an item as it has read it, marks and all, carries one that is not greater or does not fit.
   */
  #isOurs(newImage: ItemView, after: Mark, oldImage: ItemView | undefined, before: Mark | undefined): boolean {
    if (before !== undefined && compareStamps(after.stamp, before.stamp) <= 0) return false;
    const content = this.#marker.digest(newImage);
    if (oldImage !== undefined && this.#marker.digest(oldImage) === content) return true;
    return after.digest === content && this.#isPut(after);
  }

  /** Whether we put such a mark together with content; others we only add to what is there. */
  #isPut({ stamp, isBack }: Mark): boolean {
    return stamp.origin !== this.#origin || isBack;
  }

  /** A hybrid logical clock: later than all that the shard has seen, and no earlier than the write. */
  #next({ createdMs }: StreamRecord, clock: ShardClock): Stamp {
    clock.lastMicros = Math.max(Math.round(createdMs * 1000), clock.lastMicros + 1);
    return { type: 'N', version: String(clock.lastMicros), origin: this.#origin };
  }
}
