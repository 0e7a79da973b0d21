import { readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { keySchemaOf } from '../dynamodb/table.ts';
import { DynaferryError } from '../model/errors.ts';
import type { S3Bucket } from '../s3/bucket.ts';
import { decodeBuckets, encodeBuckets } from '../stages/verify/bucket-object.ts';
import { computeSideDigests } from '../stages/verify/digest-pass.ts';
import { decodeDigests, encodeDigests } from '../stages/verify/digest-object.ts';
import { compareDigests, factsOf } from '../stages/verify/side-digests.ts';
import type { SideName, Subject } from '../stages/verify/side.ts';
import { SourceReader, TargetReader } from '../stages/verify/side-reader.ts';
import { answerBuckets, verifyWithPairs } from '../stages/verify/split.ts';
import { VerifyFiles } from '../stages/verify/verify-files.ts';
import type { VerifyResult } from '../stages/verify/verify-result.ts';
import { ExportLayout } from '../staging/layout.ts';
import { notCompared } from './conflict.ts';
import type { Stages } from './stages.ts';
import { metered, record, sealerOf, sourceSide, targetSide, verifyFolder } from './verify-stage.ts';
import type { Workspace } from './workspace.ts';

/**
 * At the source alone: leaves the digests of policy(source) in the source's staging, and, where the target asked for buckets that differ, the key hashes and
 * digests in these. `transfer` carries both.
 */
export async function verifySourceSite(workspace: Workspace, stages: Stages): Promise<void> {
  const { signal } = workspace.options.context;
  const policy = await workspace.policy();
  const sourceKey = await workspace.sourceKey();
  const subject: Subject = {
    policyHash: workspace.policyHash,
    keySchema: await workspace.keyAtTarget(),
    ignore: notCompared(workspace, policy),
  };
  const source = { ...(await sourceSide(workspace, stages)), policy, keySchema: sourceKey };
  const bucket = await workspace.sourceBucket();
  const layout = await layoutOf(workspace, stages, 'source');
  const asked = await bucket.find(layout.verification('buckets'), signal);
  await metered(workspace, source.items.itemsEstimate ?? 0, async (onProgress) => {
    if (asked !== undefined) {
      const buckets = await decodeBuckets(asked.body, factsOf(subject), bucket.uri(layout.verification('buckets')));
      const answer = join(verifyFolder(workspace), 'verify-answer.gz');
      await answerBuckets(source, subject, buckets, verifyFolder(workspace), answer, { signal });
      await bucket.put(layout.verification('pairs'), await readFile(answer), { signal });
      await rm(answer, { force: true });
      await bucket.delete(layout.verification('buckets'), signal);
      return;
    }
    const reader = new SourceReader(policy, sourceKey, subject);
    const file = new VerifyFiles(verifyFolder(workspace)).digests('source');
    const digests = await computeSideDigests('source', source, reader, subject, {
      file,
      itemsEstimate: source.items.itemsEstimate ?? 0,
      nowMs: () => Date.now(),
      onItems: (items) => onProgress({ side: 'source', pass: 'digests', items }),
      signal,
    });
    await bucket.put(layout.verification('digests'), await encodeDigests(digests), { signal });
    await bucket.delete(layout.verification('pairs'), signal);
    await rm(file, { force: true });
  });
}

/**
 * At the target alone, with the source's digests that `transfer` has carried: says how many items are equal and, where buckets differ, asks the
 * source for them; with its answer, which items differ.
 */
export async function verifyTargetSite(workspace: Workspace, stages: Stages): Promise<VerifyResult> {
  const { signal } = workspace.options.context;
  const table = await workspace.targetTable();
  const bucket = await workspace.targetBucket();
  const layout = await layoutOf(workspace, stages, 'target');
  const source = await sourceDigests(bucket, layout, signal);
  const { policyHash, ignore } = source.facts;
  if (policyHash !== workspace.policyHash)
    throw new DynaferryError(
      'POLICY_MISMATCH',
      `${bucket.uri(layout.verification('digests'))} was made under another policy than the one in migration.yaml`,
    );
  const subject: Subject = { policyHash, keySchema: keySchemaOf(table), ignore };
  const target = await targetSide(workspace, table, await sealerOf(workspace, 'target'));
  return metered(workspace, target.items.itemsEstimate ?? 0, async (onProgress) => {
    const files = new VerifyFiles(verifyFolder(workspace));
    // Without an answer to go on with, the target is read as it is now: it may have been mended since the buckets were asked for.
    const pairs = await bucket.find(layout.verification('pairs'), signal);
    const file = pairs === undefined ? files.digests('target') : files.asked;
    const digests = {
      source,
      target: await computeSideDigests('target', target, new TargetReader(subject, target.filter), subject, {
        file,
        itemsEstimate: Math.max(source.facts.items, target.items.itemsEstimate ?? 0),
        nowMs: () => Date.now(),
        onItems: (items) => onProgress({ side: 'target', pass: 'digests', items }),
        signal,
      }),
    };
    const { differing } = compareDigests(digests.source, digests.target);
    if (differing.count() > 0 && pairs === undefined) {
      await bucket.put(layout.verification('buckets'), await encodeBuckets(factsOf(subject), differing), { signal });
      await rename(file, files.asked);
      throw new DynaferryError(
        'VERIFY_DIFFERENT',
        `the target differs in ${differing.count()} of ${2 ** differing.bits} buckets`,
        {
          fix: 'To learn in which items: run `dynaferry transfer`, `verify --site source`, `transfer`, and `verify --site target` again.',
        },
      );
    }
    const result = await verifyWithPairs(
      { subject, target, digests, folder: verifyFolder(workspace) },
      pairs && Readable.from([pairs.body]),
      { signal },
    );
    // An answer is good for the question that it was given to; another difference is another question.
    if (pairs !== undefined) await bucket.delete(layout.verification('pairs'), signal);
    record(workspace, result, subject);
    return result;
  });
}

/** Carries what verification of each site has left for the other; what is not there is not carried. */
export async function carryVerification(workspace: Workspace, exportId: string): Promise<void> {
  const { signal } = workspace.options.context;
  const source = await workspace.sourceBucket();
  const target = await workspace.targetBucket();
  const at = (site: SideName): ExportLayout => ExportLayout.of(workspace.prefix(site), exportId);
  const carry = async (
    object: 'digests' | 'buckets' | 'pairs',
    from: S3Bucket,
    fromKey: string,
    to: S3Bucket,
    toKey: string,
  ): Promise<void> => {
    const found = await from.find(fromKey, signal);
    if (found !== undefined) await to.put(toKey, found.body, { signal });
    else if (object === 'pairs') await to.delete(toKey, signal);
  };
  for (const object of ['digests', 'pairs'] as const)
    await carry(object, source, at('source').verification(object), target, at('target').verification(object));
  const buckets = at('target').verification('buckets');
  await carry('buckets', target, buckets, source, at('source').verification('buckets'));
  await target.delete(buckets, signal);
}

async function layoutOf(workspace: Workspace, stages: Stages, site: SideName): Promise<ExportLayout> {
  return ExportLayout.of(workspace.prefix(site), await stages.findExport(site));
}

async function sourceDigests(
  bucket: S3Bucket,
  layout: ExportLayout,
  signal: AbortSignal,
): ReturnType<typeof decodeDigests> {
  const key = layout.verification('digests');
  const found = await bucket.find(key, signal);
  if (found === undefined)
    throw new DynaferryError('OBJECT_NOT_FOUND', `there are no digests of the source at ${bucket.uri(key)}`, {
      fix: 'Run `dynaferry verify --site source` at the source, then `dynaferry transfer`.',
    });
  return decodeDigests(found.body, bucket.uri(key));
}
