import { decodeString, skipSpace, skipValue, walkMembers } from '../model/json-bytes.ts';

/** What an answer about one item says. */
export interface ItemAnswer {
  /** The item's JSON; undefined where the answer has none. */
  item: Buffer | undefined;
  consumedUnits: number;
}

/** Reads the answer to GetItem, or to a write of one item. */
export function readItemAnswer(bytes: Buffer): ItemAnswer {
  let item: Buffer | undefined;
  let consumedUnits = 0;
  walkMembers(bytes, skipSpace(bytes, 0), (nameStart, nameEnd, start) => {
    const end = skipValue(bytes, start);
    const name = decodeString(bytes, nameStart, nameEnd);
    if (name === 'Item') item = bytes.subarray(start, end);
    else if (name === 'ConsumedCapacity')
      consumedUnits = (JSON.parse(bytes.toString('utf8', start, end)) as { CapacityUnits?: number }).CapacityUnits ?? 0;
    return end;
  });
  return { item, consumedUnits };
}
