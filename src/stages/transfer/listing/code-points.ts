/**
 * The last code point that names of places use; nothing is lost behind it, since a place is only where the work is divided. The one before U+10FFFF that is no
 * noncharacter, which a service may refuse.
 */
export const LAST_POINT = 0x10fffd;

/** Places never have these: controls and surrogates, and what XML cannot hold, since a service repeats them in its answer. */
const unfit: readonly (readonly [number, number])[] = [
  [0, 0x1f],
  [0x7f, 0x9f],
  [0xd800, 0xdfff],
  [0xfffe, 0xffff],
];

/** A code point about in the middle between two that can stand in a place, or undefined where there is none. -1 is below all. */
export function pointBetween(low: number, high: number): number | undefined {
  const middle = (low + high) >> 1;
  const gap = unfit.find(([first, last]) => middle >= first && middle <= last);
  if (gap === undefined) return middle > low && middle < high ? middle : undefined;
  if (gap[0] - 1 > low) return gap[0] - 1;
  return gap[1] + 1 < high ? gap[1] + 1 : undefined;
}

/** The first code points behind what usually follows each other in names: digits, letters, ASCII, the scripts of two and of three bytes of UTF-8. */
const classEnds = [0x3a, 0x5b, 0x7b, 0x7e, 0x800, 0x10000];

/** A code point that those which usually stand beside this one come before. */
export function classEnd(point: number): number {
  return classEnds.find((end) => end > point) ?? LAST_POINT;
}
