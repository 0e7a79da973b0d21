import type { StreamRecord } from '../dynamodb/record-view.ts';
import type { ItemView } from '../model/item.ts';
import { AttributeStamps, compareStamps, type StampAttributes } from '../model/stamp.ts';
import type { Judge, Judgement } from './judge.ts';
import type { JsonRange } from './stamped-table.ts';

/** Tells by the attributes that the application keeps. Records must be read with a name table that has both names. */
export class AttributeJudge implements Judge {
  readonly #stamps: AttributeStamps;
  readonly #otherOrigin: string;

  /** `otherOrigin` is the region of the other site: what has its name came from there. */
  constructor(attributes: StampAttributes, otherOrigin: string) {
    this.#stamps = new AttributeStamps(attributes);
    this.#otherOrigin = otherOrigin;
  }

  judge({ keys, newImage, oldImage }: StreamRecord, identity: string): Judgement {
    const key = rangeOf(keys);
    const before = oldImage === undefined ? undefined : this.#stamps.read(oldImage);
    if (newImage === undefined) {
      if (before === undefined || 'unfit' in before) return { is: 'unfit', attribute: before?.unfit ?? '' };
      return { is: 'write', stamp: before, settlement: { kind: 'delete', identity, key, stamp: before } };
    }
    const stamp = this.#stamps.read(newImage);
    if ('unfit' in stamp) return { is: 'unfit', attribute: stamp.unfit };
    const is = stamp.origin === this.#otherOrigin ? 'echo' : 'write';
    const told = is === 'echo' ? ({ is } as const) : ({ is, stamp } as const);
    // A write with a lesser stamp than what it replaced loses at the other site; here it has to lose, too.
    if (oldImage !== undefined && before !== undefined && !('unfit' in before) && compareStamps(before, stamp) > 0)
      return { ...told, settlement: { kind: 'restore', identity, key, stamp: before, image: rangeOf(oldImage) } };
    if (oldImage === undefined && is === 'write')
      return { ...told, settlement: { kind: 'look', identity, key, stamp } };
    return told;
  }
}

/** Where an item that was read lies. */
export function rangeOf({ bytes, start, end }: ItemView): JsonRange {
  return { bytes, start, end };
}
