import type { Candidate, Difference } from './differences.ts';
import type { Look } from './recheck.ts';

const DIFFERENCES_MAX = 10_000;

/** Adds up what verification found. Lists differences up to a limit and counts them all. */
export class Tally {
  equal: number;
  missing = 0;
  extra = 0;
  different = 0;
  /** Of extra and different items, those at the target that the policy's filter would have kept back. */
  failsPolicy = 0;
  /** Differences that a later look no longer found. */
  settled = 0;
  /** Items that both sides changed at every look, so that nothing can be told of them. */
  changing = 0;
  /** How long the differences have lasted that were looked at more than once; absent where none was. */
  lastedMs: { least: number; most: number } | undefined;
  readonly differences: Difference[] = [];
  readonly #differencesMax: number;

  /** `equal` items are known to be so from the start. */
  constructor(equal: number, differencesMax = DIFFERENCES_MAX) {
    this.equal = equal;
    this.#differencesMax = differencesMax;
  }

  /** Takes in a difference that the scans found, and what the last look told, if there was one; `lastedMs` where there were several. */
  add(
    { kind: found, keyHash, key, failsFilter }: Candidate,
    look?: Pick<Look, 'kind' | 'attributes'>,
    lastedMs?: number,
  ): void {
    const kind = look?.kind ?? found;
    if (kind === 'equal' || kind === 'gone') {
      this.settled++;
      if (kind === 'equal') this.equal++;
      return;
    }
    this[kind]++;
    if (failsFilter === true && kind !== 'missing') this.failsPolicy++;
    if (lastedMs !== undefined)
      this.lastedMs = {
        least: Math.min(this.lastedMs?.least ?? Infinity, lastedMs),
        most: Math.max(this.lastedMs?.most ?? 0, lastedMs),
      };
    if (this.differences.length === this.#differencesMax) return;
    const difference: Difference = { kind, keyHash: keyHash.toString('hex') };
    if (key !== undefined) difference.key = key.toString('utf8');
    if (look?.attributes !== undefined) difference.attributes = look.attributes;
    if (lastedMs !== undefined) difference.lastedMs = lastedMs;
    this.differences.push(difference);
  }

  addChanging(): void {
    this.changing++;
  }
}
