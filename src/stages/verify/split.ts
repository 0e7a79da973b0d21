import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { bucketsFingerprint } from './bucket-object.ts';
import type { BucketSet } from './bucket-set.ts';
import { joinKeys } from './differences.ts';
import { collectKeys, type KeyPassOptions } from './key-pass.ts';
import { KeyStore } from './key-store.ts';
import { encodePairs, importPairs } from './pair-object.ts';
import { compareDigests, comparisonFingerprint, factsOf, type SideDigests } from './side-digests.ts';
import { SourceReader, TargetReader, type TargetFilter } from './side-reader.ts';
import type { ItemPolicy, SideName, SideSettings, Subject } from './side.ts';
import type { KeySchema } from '../../model/key.ts';
import { Tally } from './tally.ts';
import { VerifyFiles } from './verify-files.ts';
import { concludeVerification, type VerifyResult } from './verify-result.ts';

/**
 * At the source site alone: reads it again and writes the pair object that answers for the buckets into a file that only its owner may read.
 * Key hashes and digests of items that the policy lets through are all that the file holds.
 */
export async function answerBuckets(
  source: SideSettings & { policy: ItemPolicy; keySchema: KeySchema },
  subject: Subject,
  buckets: BucketSet,
  folder: string,
  answerFile: string,
  options: KeyPassOptions = {},
): Promise<void> {
  const facts = factsOf(subject);
  const fingerprint = JSON.stringify([source.of, facts, bucketsFingerprint(buckets)]);
  const store = KeyStore.open(new VerifyFiles(folder).keys, fingerprint);
  try {
    const reader = new SourceReader(source.policy, source.keySchema, subject);
    await collectKeys('source', source, reader, buckets, store, options);
    const pairs = encodePairs(facts, buckets, store.rows('source'));
    await pipeline(pairs, createWriteStream(answerFile, { mode: 0o600 }), { signal: options.signal });
  } catch (error) {
    store.close();
    throw error;
  }
  store.remove();
}

export interface SplitSettings {
  subject: Subject;
  target: SideSettings & { filter?: TargetFilter };
  /** Complete digests of both sides. */
  digests: Record<SideName, SideDigests>;
  folder: string;
  differencesMax?: number;
}

/**
 * At the target site alone, with the source's digests and, where buckets differ, its answer for them: what `verify` gives, except that keys of missing items are
 * known by their hash only.
 */
export async function verifyWithPairs(
  settings: SplitSettings,
  pairs: AsyncIterable<Buffer> | undefined,
  options: KeyPassOptions = {},
): Promise<VerifyResult> {
  const { subject, target, digests, differencesMax } = settings;
  const files = new VerifyFiles(settings.folder);
  const { differing, equal } = compareDigests(digests.source, digests.target);
  const tally = new Tally(equal, differencesMax);
  if (differing.count() > 0) {
    if (pairs === undefined) throw new RangeError('buckets differ, and there is no answer for them');
    const store = KeyStore.open(files.keys, comparisonFingerprint(digests, differing));
    try {
      await importPairs(pairs, factsOf(subject), differing, store, "the source's pairs");
      await collectKeys('target', target, new TargetReader(subject, target.filter), differing, store, options);
      const candidates = joinKeys(store, (items) => {
        tally.equal += items;
      });
      for (const candidate of candidates) tally.add(candidate);
    } finally {
      store.close();
    }
  }
  return concludeVerification(digests, differing, tally, target.filter !== undefined, files);
}
