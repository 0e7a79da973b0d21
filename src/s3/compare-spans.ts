/** The order of the bytes of two spans, below 0, 0 or above 0; where one is the beginning of the other, it comes first. A loop of our own: Buffer.compare costs more for so few bytes. */
export function compareSpans(
  a: DataView,
  aStart: number,
  aEnd: number,
  b: DataView,
  bStart: number,
  bEnd: number,
): number {
  const length = Math.min(aEnd - aStart, bEnd - bStart);
  let i = 0;
  while (i + 4 <= length && a.getInt32(aStart + i) === b.getInt32(bStart + i)) i += 4;
  for (; i < length; i++) {
    const difference = a.getUint8(aStart + i) - b.getUint8(bStart + i);
    if (difference !== 0) return difference;
  }
  return aEnd - aStart - (bEnd - bStart);
}
