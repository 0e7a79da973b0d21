/**
 * The order of two keys' UTF-8 bytes, in which S3 lists: below 0, 0 or above 0 as in Array.sort. With offsets, of what stands from there on.
 * JavaScript's own order differs: it puts the surrogates of U+10000 and above before U+E000.
 */
export function compareKeys(a: string, b: string, aFrom = 0, bFrom = 0): number {
  // The usual case of two listings of the same objects, and V8 compares whole strings faster than we their units.
  if (aFrom === bFrom && a === b) return 0;
  const aLength = a.length - aFrom;
  const bLength = b.length - bFrom;
  const length = Math.min(aLength, bLength);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(aFrom + i);
    const y = b.charCodeAt(bFrom + i);
    if (x !== y) return x >= 0xd800 && y >= 0xd800 ? behindSurrogates(x) - behindSurrogates(y) : x - y;
  }
  return aLength - bLength;
}

/** Surrogates moved behind U+E000 to U+FFFF. */
function behindSurrogates(unit: number): number {
  return unit >= 0xe000 ? unit - 0x800 : unit + 0x2000;
}
