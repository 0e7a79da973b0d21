import { writeAtomically } from './atomic-file.ts';
import type { BucketSet } from './bucket-set.ts';
import { differenceLine, type Difference } from './differences.ts';
import type { SideDigests } from './side-digests.ts';
import type { SideName } from './side.ts';
import type { Tally } from './tally.ts';
import type { VerifyFiles } from './verify-files.ts';

/** What verification found. The target is the policy applied to the source where missing, extra and different are 0. */
export interface VerifyResult {
  equal: number;
  /** Items that the policy lets through and the target lacks. */
  missing: number;
  /** Items of the target that the policy makes of no source item. */
  extra: number;
  different: number;
  /** Of extra and different items, those at the target that fail the policy's filter; undefined where rules make that impossible to tell. */
  failsPolicy: number | undefined;
  /** Differences that a later look no longer found. */
  settled: number;
  /** Items that both sides changed at every look, so that nothing can be told of them: neither equal nor a difference. */
  changing: number;
  /** How long the differences have lasted that were looked at more than once; undefined where there is none. */
  lastedMs: { least: number; most: number } | undefined;
  /** Source items that the policy let through. */
  itemsSource: number;
  itemsTarget: number;
  filteredAtSource: number;
  /** Source items that a rule refuses; they are not expected at the target. */
  refusedAtSource: number;
  buckets: number;
  bucketsDiffering: number;
  /** Up to `differencesMax` of them. Keys may be personal data: not for the screen. */
  differences: Difference[];
  /** The same list as JSON lines, readable by its owner only; undefined where there is no difference. */
  differencesFile: string | undefined;
}

/** Writes the differences down, forgets the progress that led to them, and says what was found. */
export async function concludeVerification(
  digests: Record<SideName, SideDigests>,
  differing: BucketSet,
  tally: Tally,
  knowsFilter: boolean,
  files: VerifyFiles,
): Promise<VerifyResult> {
  const { equal, missing, extra, different, failsPolicy, settled, changing, lastedMs, differences } = tally;
  if (differences.length > 0) await writeAtomically(files.differences, differences.map(differenceLine).join(''));
  else files.discardDifferences();
  files.discardProgress();
  const { source, target } = digests;
  return {
    equal,
    missing,
    extra,
    different,
    failsPolicy: knowsFilter ? failsPolicy : undefined,
    settled,
    changing,
    lastedMs,
    itemsSource: source.facts.items,
    itemsTarget: target.facts.items,
    filteredAtSource: source.facts.filtered,
    refusedAtSource: source.facts.refused,
    buckets: 2 ** differing.bits,
    bucketsDiffering: differing.count(),
    differences,
    differencesFile: differences.length > 0 ? files.differences : undefined,
  };
}
