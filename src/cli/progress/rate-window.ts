/** How far back the rate looks: long enough to be calm, short enough to show a change. */
const WINDOW_MS = 10_000;

/** The rate at which a count has grown lately. */
export class RateWindow {
  #samples: { atMs: number; value: number }[] = [];

  add(atMs: number, value: number): void {
    const samples = this.#samples;
    samples.push({ atMs, value });
    // One sample from before the window stays, so that the window is always covered whole.
    while (samples.length > 2 && samples[1].atMs <= atMs - WINDOW_MS) samples.shift();
  }

  /** Per second; undefined before there is anything to tell. Falls while nothing is heard. */
  perSecond(nowMs: number): number | undefined {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined) return undefined;
    const elapsedMs = Math.max(nowMs, last.atMs) - first.atMs;
    return elapsedMs < 250 ? undefined : (1000 * (last.value - first.value)) / elapsedMs;
  }
}
