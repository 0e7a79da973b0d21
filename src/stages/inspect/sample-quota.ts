/** Shares `items` out over `segments` evenly; where there are fewer items than segments, those that give one lie evenly spread. */
export function shareOut(items: number, segments: number): number[] {
  return Array.from(
    { length: segments },
    (_, i) => Math.floor(((i + 1) * items) / segments) - Math.floor((i * items) / segments),
  );
}
