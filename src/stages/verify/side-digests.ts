import { hash } from 'node:crypto';
import { z } from 'zod';
import { DynaferryError } from '../../model/errors.ts';
import { BUCKET_BITS_MAX, BucketTable } from './bucket-table.ts';
import type { KeyAttribute } from '../../model/key.ts';
import type { BucketSet } from './bucket-set.ts';
import type { SideName, Subject } from './side.ts';

const keyAttribute = z.object({ name: z.string(), type: z.enum(['S', 'N', 'B']) });

/** What digests are digests of. */
export const subjectFacts = z.object({
  policyHash: z.string(),
  keySchema: z.object({ partition: keyAttribute, sort: keyAttribute.optional() }),
  /** Attributes left out, sorted. */
  ignore: z.array(z.string()),
});

export type SubjectFacts = z.infer<typeof subjectFacts>;

/** The subject with its properties in the order in which they are compared and written. */
export function factsOf({ policyHash, keySchema: { partition, sort }, ignore }: Subject): SubjectFacts {
  const plain = ({ name, type }: KeyAttribute): KeyAttribute => ({ name, type });
  const keySchema =
    sort === undefined ? { partition: plain(partition) } : { partition: plain(partition), sort: plain(sort) };
  return { policyHash, keySchema, ignore: [...ignore].sort() };
}

/** What is said of a bucket table beside the table itself: the header of the digest object, docs/formats/digests.md. */
export const digestFacts = z.object({
  side: z.enum(['source', 'target']),
  /** What was read. */
  of: z.string(),
  ...subjectFacts.shape,
  bucketBits: z.int().min(1).max(BUCKET_BITS_MAX),
  /** Items in the buckets. */
  items: z.int().nonnegative(),
  /** Source: items that the filter kept back. */
  filtered: z.int().nonnegative(),
  /** Source: items that a rule refused. */
  refused: z.int().nonnegative(),
  /** When the reading began, in milliseconds since 1970. */
  startedMs: z.int(),
  /** While the reading is under way, where each segment stands; absent when it is complete. */
  positions: z.array(z.object({ sealed: z.string().nullable(), done: z.boolean() })).optional(),
});

export type DigestFacts = z.infer<typeof digestFacts>;

/** One side's digests: what was read of it, and the bucket table. */
export interface SideDigests {
  facts: DigestFacts;
  table: BucketTable;
}

/** What comparing two sides by buckets tells. */
export interface BucketComparison {
  differing: BucketSet;
  /** Items in the other buckets: equal on both sides. */
  equal: number;
}

/** Compares by the coarser of the two bucket tables. Throws where the digests are not of the same thing, or not complete. */
export function compareDigests(source: SideDigests, target: SideDigests): BucketComparison {
  checkComparable(source.facts, target.facts);
  const bits = Math.min(source.table.bits, target.table.bits);
  const [left, right] = [source.table.fold(bits), target.table.fold(bits)];
  const differing = left.differing(right);
  let equal = 0;
  for (let bucket = 0; bucket < left.buckets; bucket++) if (!differing.has(bucket)) equal += left.countOf(bucket);
  return { differing, equal };
}

/** Tells one comparison from another: a second pass goes on only after the very same first pass. */
export function comparisonFingerprint(digests: Record<SideName, SideDigests>, { bitmap }: BucketSet): string {
  const identity = ({ facts }: SideDigests): unknown => [facts.of, factsOf(facts), facts.startedMs, facts.items];
  const text = JSON.stringify([identity(digests.source), identity(digests.target)]);
  return hash('sha256', Buffer.concat([Buffer.from(text), bitmap]), 'hex');
}

function checkComparable(source: DigestFacts, target: DigestFacts): void {
  for (const facts of [source, target])
    if (facts.positions !== undefined)
      throw new DynaferryError(
        'DATA_DAMAGED',
        `the digests of the ${facts.side} are those of an unfinished verification`,
        {
          fix: 'Run `dynaferry verify` for that site to its end.',
        },
      );
  if (source.side !== 'source' || target.side !== 'target')
    throw new DynaferryError(
      'DATA_DAMAGED',
      `digests of ${source.side} and ${target.side} are not a source's and a target's`,
      {
        fix: 'Compare the digests of one site with those of the other.',
      },
    );
  checkSameSubject(source, target);
}

/** Throws where what was read at one site was digested under another policy, by another key, or without other attributes than at the other site. */
export function checkSameSubject(one: SubjectFacts, other: SubjectFacts): void {
  if (one.policyHash !== other.policyHash)
    throw new DynaferryError('POLICY_MISMATCH', 'the digests of source and target were made under different policies', {
      fix: 'Run `dynaferry verify` at both sites with the same migration.yaml.',
    });
  if (!isSameJson(one.keySchema, other.keySchema))
    throw new DynaferryError('KEY_SCHEMA_MISMATCH', 'the digests of source and target match items by different keys');
  if (!isSameJson(one.ignore, other.ignore))
    throw new DynaferryError('CONFIG_INVALID', 'the digests of source and target leave out different attributes', {
      fix: 'Run `dynaferry verify` at both sites with the same settings.',
    });
}

/** For values whose properties were written in the same order. */
function isSameJson(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
