import { partitionOf } from '../../aws/partition.ts';
import { KEY_BYTES_MAX } from '../../settings/s3-uri.ts';
import { rolePartition, sameCredentials, type Contradiction } from '../../settings/site-checks.ts';
import type { Moment } from '../copy-plan.ts';
import { STORAGE_CLASSES } from './object-schema.ts';
import type { ParsedTransfer } from './schema.ts';
import { boundsOf, prefixPairs, type RegionLookup } from './transfer-plan.ts';

type Side = 'source' | 'target';

const AWS_REGION = /^[a-z]{2,4}(?:-[a-z]+)+-\d{1,2}$/;

/** What is wrong between values that are right each by itself, from whichever of the file and the command line they come. Only what cannot work is refused. */
export function contradictions(parsed: ParsedTransfer, regionOf: RegionLookup): Contradiction[] {
  return [
    ...siteProblems('source', parsed, regionOf),
    ...siteProblems('target', parsed, regionOf),
    ...prefixProblems(parsed),
    ...scopeProblems(parsed),
    ...placeProblems(parsed, regionOf),
    ...objectProblems(parsed, regionOf),
    ...limitProblems(parsed),
  ];
}

function siteProblems(side: Side, parsed: ParsedTransfer, regionOf: RegionLookup): Contradiction[] {
  const site = parsed[side];
  const problems: Contradiction[] = [];
  if (site.credentials === 'anonymous' && site.role !== undefined)
    problems.push({
      path: [side, 'role'],
      message: 'a role cannot be assumed without credentials; remove role, or credentials: anonymous',
    });
  const region = regionOf(site);
  if (region === undefined) {
    const message =
      "the region of the bucket is not known; add region: <region>, or set AWS_REGION or the profile's region";
    return [...problems, { path: [side], message }];
  }
  if (site.endpoint === undefined && !AWS_REGION.test(region)) {
    const message = `${JSON.stringify(region)} is not an AWS region; expected one such as us-west-2 or cn-north-1, or add an endpoint`;
    return [...problems, { path: [side, 'region'], message }];
  }
  if (site.endpoint === undefined && site.url.bucket.endsWith('--x-s3')) {
    const message =
      'this is a directory bucket (S3 Express One Zone), which lists its objects in no order, so that they cannot be compared; name a bucket of another kind';
    return [...problems, { path: [side, 'url'], message }];
  }
  // Roles at an endpoint of one's own may have any ARN.
  return site.endpoint === undefined ? [...problems, ...rolePartition(side, { ...site, region })] : problems;
}

function prefixProblems(parsed: ParsedTransfer): Contradiction[] {
  const { prefixes } = parsed;
  if (prefixes?.length === 0)
    return [
      {
        path: ['prefixes'],
        message: 'this list is empty, so that nothing would be copied; remove it, or name a prefix',
      },
    ];
  const problems: Contradiction[] = [];
  for (const [index, prefix] of (prefixes ?? []).entries()) {
    const around = prefixes!.findIndex(
      (other, i) => i !== index && prefix.startsWith(other) && (prefix !== other || i < index),
    );
    if (around >= 0) {
      const message = `this lies within ${JSON.stringify(prefixes![around])}, which is listed too; remove one of the two`;
      problems.push({ path: ['prefixes', index], message });
    }
  }
  const tooLong = prefixPairs(parsed).some((pair) =>
    [pair.source, pair.target].some((prefix) => Buffer.byteLength(prefix) > KEY_BYTES_MAX),
  );
  if (tooLong) {
    const message = `together with the prefix of the URL this is longer than the ${KEY_BYTES_MAX} bytes that a key can have; shorten it`;
    problems.push({ path: prefixes === undefined ? ['targetKeys'] : ['prefixes'], message });
  }
  return problems;
}

function scopeProblems({ newerThan, olderThan, minSize, maxSize }: ParsedTransfer): Contradiction[] {
  const problems: Contradiction[] = [];
  if (newerThan !== undefined && olderThan !== undefined && nothingBetween(newerThan, olderThan))
    problems.push({
      path: ['olderThan'],
      message: 'no object is both this old and as new as newerThan says; give a later time or a lesser age',
    });
  if (minSize !== undefined && maxSize !== undefined && minSize > maxSize)
    problems.push({
      path: ['maxSize'],
      message: 'this is less than minSize, so that nothing would be copied; give a greater size',
    });
  return problems;
}

/** Of an age and a time only the run can tell. */
function nothingBetween(newer: Moment, older: Moment): boolean {
  if ('atMs' in newer && 'atMs' in older) return newer.atMs >= older.atMs;
  return 'agoMs' in newer && 'agoMs' in older && newer.agoMs <= older.agoMs;
}

/** A target within its own source would be copied again by each run, deeper each time; a deletion around the source would take the source. */
function placeProblems(parsed: ParsedTransfer, regionOf: RegionLookup): Contradiction[] {
  if (!maybeSameBucket(parsed, regionOf)) return [];
  const isSure = surelySameBucket(parsed, regionOf);
  const pairs = prefixPairs(parsed);
  const anyPair = (holds: (source: string, target: string) => boolean): boolean =>
    pairs.some(({ target }) => pairs.some(({ source }) => holds(source, target)));
  const path = ['target', 'url'];
  if (isSure && pairs.some(({ source, target }) => source === target))
    return [{ path, message: 'this is the source itself; give the target another bucket or prefix' }];
  if (isSure && anyPair((source, target) => target.startsWith(source)))
    return [
      {
        path,
        message:
          'this lies within the source, so that every run would copy what the last one has copied; give the target a place beside it',
      },
    ];
  // What is deleted is not to be had again, so that a doubt is enough.
  if (parsed.delete === true && anyPair((source, target) => source.startsWith(target)))
    return [
      {
        path: ['delete'],
        message:
          'the source lies within the target, so that it would be deleted; remove delete, or give the target a place beside it',
      },
    ];
  return [];
}

function maybeSameBucket({ source, target }: ParsedTransfer, regionOf: RegionLookup): boolean {
  return source.url.bucket === target.url.bucket && serviceOf(source, regionOf) === serviceOf(target, regionOf);
}

/** Bucket names are unique within a partition, whoever owns them; at an endpoint of one's own, mostly, but for sure only within the account. */
function surelySameBucket(parsed: ParsedTransfer, regionOf: RegionLookup): boolean {
  const { source, target } = parsed;
  const isOwn = source.endpoint !== undefined && serviceOf(source, regionOf) === source.endpoint;
  return maybeSameBucket(parsed, regionOf) && (!isOwn || sameCredentials(source, target));
}

/** What buckets belong to: a partition of AWS, which has many endpoints, or an endpoint. */
function serviceOf(site: ParsedTransfer[Side], regionOf: RegionLookup): string {
  const { endpoint } = site;
  const isAws = endpoint === undefined || /\.amazonaws\.com(?:\.cn)?$/.test(endpoint);
  return isAws ? partitionOf(regionOf(site) ?? '').id : endpoint;
}

function objectProblems({ object, target }: ParsedTransfer, regionOf: RegionLookup): Contradiction[] {
  if (object === undefined || target.endpoint !== undefined) return [];
  const problems: Contradiction[] = [];
  const { storageClass, encryption } = object;
  if (storageClass !== undefined && !STORAGE_CLASSES.includes(storageClass))
    problems.push({
      path: ['object', 'storageClass'],
      message: `S3 has no storage class ${JSON.stringify(storageClass)}; expected one of ${STORAGE_CLASSES.join(', ')}`,
    });
  const region = regionOf(target);
  const key = typeof encryption === 'object' ? encryption.kms : '';
  if (region !== undefined && key.startsWith('arn:') && key.split(':')[1] !== partitionOf(region).id)
    problems.push({
      path: ['object', 'encryption', 'kms'],
      message: `a key of the partition ${key.split(':')[1]} cannot be used in ${region}, which is in ${partitionOf(region).id}; name one of the target's account`,
    });
  return problems;
}

function limitProblems({ limits = {} }: ParsedTransfer): Contradiction[] {
  const problems: Contradiction[] = [];
  const bounds = boundsOf(limits);
  if (bounds.connectionsMin > bounds.connectionsMax)
    problems.push({ path: ['limits', 'connections', 'max'], message: 'this is less than min; give a greater number' });
  if (bounds.partSizeBytes !== undefined && bounds.partSizeBytes > bounds.memoryBytes)
    problems.push({
      path: ['limits', 'partSize'],
      message: 'a part is larger than the memory that parts may take; give smaller parts, or limits.memory more',
    });
  return problems;
}
