import { compareKeys } from '../../src/s3/compare-keys.ts';

/** One prefix of the buckets that are compared. Its objects are numbered in the order of their keys. */
export interface Area {
  source: string;
  target: string;
  /** Share of all objects. */
  share: number;
}

/** What the names of three kinds of buckets are like: partitions as Hive names them (`=` travels as `%3D`), media, and logs under another prefix. */
export const areas: readonly Area[] = [
  { source: 'events/dt=', target: 'events/dt=', share: 0.6 },
  { source: 'media/', target: 'media/', share: 0.3 },
  { source: 'logs/', target: 'archive/of/logs/', share: 0.1 },
];

export const PAGE_KEYS = 1000;
/** Target pages begin elsewhere than source pages. */
export const TARGET_OFFSET = 500;

/** `123/456/part-789.parquet`; what stands behind the prefix. */
export function restOf(n: number): string {
  const digits = String(n).padStart(9, '0');
  return `${digits.slice(0, 3)}/${digits.slice(3, 6)}/part-${digits.slice(6)}.parquet`;
}

/** The first number below `count` whose key comes after; `count` where there is none. */
export function firstBehind(after: string, count: number): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareKeys(restOf(middle), after) > 0) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** What is different about an object of that number: nothing for nearly all. */
export type Difference = 'source-only' | 'target-only' | 'other' | undefined;

export function differenceOf(n: number): Difference {
  if (n % 50_021 === 7) return 'source-only';
  if (n % 70_001 === 3) return 'target-only';
  return n % 90_007 === 11 ? 'other' : undefined;
}

/** How many differences of each kind there are among the objects of all areas. */
export function planted(objects: number): Record<NonNullable<Difference>, number> {
  const sums = { 'source-only': 0, 'target-only': 0, other: 0 };
  for (const { share } of areas)
    for (let n = 0; n < objects * share; n++) {
      const difference = differenceOf(n);
      if (difference !== undefined) sums[difference]++;
    }
  return sums;
}
