/** Of the rate of one connection the last seconds count most. */
const WEIGHT = 0.3;

/** What was reached once is forgotten slowly: a machine that is busy for a moment is no slow link. */
const PEAK_KEPT = 0.97;

/** What one connection brings in one direction, over all requests that are under way. */
export class RateMeter {
  #underWay = 0;
  #bytes = 0;
  /** Milliseconds that requests were under way since the last look, added up over all. */
  #busyMs = 0;
  #countedMs: number;
  #rate: number | undefined;
  #peak: number | undefined;

  constructor(nowMs: number) {
    this.#countedMs = nowMs;
  }

  /** In bytes a second; undefined as long as nothing is known. */
  get bytesPerSecond(): number | undefined {
    return this.#rate;
  }

  /** The best of late, likewise. */
  get peakBytesPerSecond(): number | undefined {
    return this.#peak;
  }

  /** Moved since the last look. */
  get unseenBytes(): number {
    return this.#bytes;
  }

  began(nowMs: number): void {
    this.#count(nowMs);
    this.#underWay++;
  }

  ended(nowMs: number): void {
    this.#count(nowMs);
    this.#underWay--;
  }

  moved(bytes: number): void {
    this.#bytes += bytes;
  }

  /** Takes what was seen since the last look into account; returns the bytes. */
  look(nowMs: number): number {
    this.#count(nowMs);
    const bytes = this.#bytes;
    if (bytes > 0 && this.#busyMs > 0) {
      const rate = (1000 * bytes) / this.#busyMs;
      this.#rate = this.#rate === undefined ? rate : this.#rate + WEIGHT * (rate - this.#rate);
      this.#peak = Math.max(this.#rate, (this.#peak ?? 0) * PEAK_KEPT);
    }
    this.#bytes = this.#busyMs = 0;
    return bytes;
  }

  #count(nowMs: number): void {
    this.#busyMs += this.#underWay * (nowMs - this.#countedMs);
    this.#countedMs = nowMs;
  }
}
