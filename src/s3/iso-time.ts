/** In place of two digits where there are none: larger than any part of a time may be. */
const BROKEN = 1e9;

/** Reads times as S3 writes them. Objects of a page are mostly of few days, so the last day is kept. */
export class IsoTimeReader {
  #day = -1;
  #dayMs = 0;

  /** Milliseconds since 1970 of the time that stands there; NaN where it is none. */
  read(bytes: Buffer, start: number, end: number): number {
    // 2026-11-28T03:04:39.000Z
    if (end - start !== 24 || !isPunctuated(bytes, start)) return readAny(bytes, start, end);
    const day =
      pair(bytes, start) * 1_000_000 +
      pair(bytes, start + 2) * 10_000 +
      pair(bytes, start + 5) * 100 +
      pair(bytes, start + 8);
    if (day !== this.#day) {
      const dayMs = Date.parse(bytes.toString('latin1', start, start + 10));
      if (Number.isNaN(dayMs)) return NaN;
      this.#day = day;
      this.#dayMs = dayMs;
    }
    const hour = pair(bytes, start + 11);
    const minute = pair(bytes, start + 14);
    const second = pair(bytes, start + 17);
    const hundredths = pair(bytes, start + 20);
    const lastTwo = pair(bytes, start + 21);
    if (hour > 23 || minute > 59 || second > 59 || hundredths > 99 || lastTwo > 99) return NaN;
    return this.#dayMs + hour * 3_600_000 + minute * 60_000 + second * 1000 + hundredths * 10 + (lastTwo % 10);
  }
}

function isPunctuated(bytes: Buffer, start: number): boolean {
  return (
    bytes[start + 4] === 0x2d &&
    bytes[start + 7] === 0x2d &&
    bytes[start + 10] === 0x54 &&
    bytes[start + 13] === 0x3a &&
    bytes[start + 16] === 0x3a &&
    bytes[start + 19] === 0x2e &&
    bytes[start + 23] === 0x5a
  );
}

/** Two digits as a number, or BROKEN. */
function pair(bytes: Buffer, at: number): number {
  const tens = bytes[at] - 0x30;
  const ones = bytes[at + 1] - 0x30;
  return tens >>> 0 > 9 || ones >>> 0 > 9 ? BROKEN : tens * 10 + ones;
}

function readAny(bytes: Buffer, start: number, end: number): number {
  const text = bytes.toString('latin1', start, end);
  // Date.parse takes almost anything for a time.
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : NaN;
}
