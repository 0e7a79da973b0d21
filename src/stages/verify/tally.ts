import type { Candidate, Difference } from './differences.ts';
import type { SecondLook } from './recheck.ts';

const DIFFERENCES_MAX = 10_000;

/** Adds up what verification found. Lists differences up to a limit and counts them all. */
export class Tally {
  equal: number;
  missing = 0;
  extra = 0;
  different = 0;
  /** Of extra and different items, those at the target that the policy's filter would have kept back. */
  failsPolicy = 0;
  /** Differences that a second look no longer found. */
  settled = 0;
  readonly differences: Difference[] = [];
  readonly #differencesMax: number;

  /** `equal` items are known to be so from the start. */
  constructor(equal: number, differencesMax = DIFFERENCES_MAX) {
    this.equal = equal;
    this.#differencesMax = differencesMax;
  }

  /** Takes in a difference that the scans found, and what a second look told, if there was one. */
  add({ kind: found, keyHash, key, failsFilter }: Candidate, look?: SecondLook): void {
    const kind = look?.kind ?? found;
    if (kind === 'equal' || kind === 'gone') {
      this.settled++;
      if (kind === 'equal') this.equal++;
      return;
    }
    this[kind]++;
    if (failsFilter === true && kind !== 'missing') this.failsPolicy++;
    if (this.differences.length === this.#differencesMax) return;
    const difference: Difference = { kind, keyHash: keyHash.toString('hex') };
    if (key !== undefined) difference.key = key.toString('utf8');
    if (look !== undefined && 'attributes' in look) difference.attributes = look.attributes;
    this.differences.push(difference);
  }
}
