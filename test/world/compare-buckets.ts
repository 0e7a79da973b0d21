import { GetObjectCommand, GetObjectTaggingCommand, paginateListObjectsV2 } from '@aws-sdk/client-s3';
import type { GetObjectCommandOutput, S3Client } from '@aws-sdk/client-s3';
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';

/** A bucket, or what lies below a prefix of it, and the client to read it with. */
export interface BucketAt {
  client: S3Client;
  bucket: string;
  prefix?: string;
}

/** A correct copy of everything has nothing in the three lists. */
export interface BucketDifferences {
  equal: number;
  missing: string[];
  extra: string[];
  /** `<key>: <property>: <source's> <target's>`. */
  different: string[];
}

/** Everything of an object that a copy is to carry, each as text. */
type Facts = Record<string, string>;

export interface CompareOptions {
  /** Properties that may differ, such as `metadata.made-by`. */
  except?: readonly string[];
}

const OBJECTS_AT_ONCE = 8;

/**
 * Reads both sides whole with the SDK and compares keys, sizes, the SHA-256 of bodies, headers, user metadata and tags. Bodies pass through, none is held.
 */
export async function compareBuckets(
  source: BucketAt,
  target: BucketAt,
  { except = [] }: CompareOptions = {},
): Promise<BucketDifferences> {
  const [sourceKeys, targetKeys] = await Promise.all([listKeys(source), listKeys(target)]);
  const differences: BucketDifferences = { equal: 0, missing: [], extra: [], different: [] };
  for (const key of targetKeys) if (!sourceKeys.has(key)) differences.extra.push(key);
  const left = sourceKeys.values();
  const compareAll = async (): Promise<void> => {
    for (let next = left.next(); next.done !== true; next = left.next()) {
      const key = next.value;
      if (!targetKeys.has(key)) {
        differences.missing.push(key);
        continue;
      }
      const [here, there] = await Promise.all([readFacts(source, key), readFacts(target, key)]);
      const found = differingFacts(here, there, except).map((text) => `${key}: ${text}`);
      if (found.length === 0) differences.equal++;
      else differences.different.push(...found);
    }
  };
  await Promise.all(Array.from({ length: OBJECTS_AT_ONCE }, compareAll));
  return differences;
}

/** Keys behind the prefix. */
async function listKeys({ client, bucket, prefix = '' }: BucketAt): Promise<Set<string>> {
  const keys = new Set<string>();
  // Keys can hold characters that XML cannot.
  const input = { Bucket: bucket, Prefix: prefix, EncodingType: 'url' } as const;
  for await (const page of paginateListObjectsV2({ client }, input))
    for (const { Key = '' } of page.Contents ?? [])
      keys.add(decodeURIComponent(Key.replaceAll('+', ' ')).slice(prefix.length));
  return keys;
}

async function readFacts({ client, bucket, prefix = '' }: BucketAt, key: string): Promise<Facts> {
  const at = { Bucket: bucket, Key: prefix + key };
  const answer = await client.send(new GetObjectCommand(at));
  const { TagSet = [] } = await client.send(new GetObjectTaggingCommand(at));
  const facts = headerFacts(answer);
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of answer.Body as Readable) {
    hash.update(chunk as Buffer);
    sizeBytes += (chunk as Buffer).length;
  }
  facts['size'] = String(sizeBytes);
  facts['sha256'] = hash.digest('hex');
  for (const { Key, Value } of TagSet) facts[`tag.${Key}`] = Value ?? '';
  return facts;
}

function headerFacts(answer: GetObjectCommandOutput): Facts {
  const facts: Facts = {};
  const headers = {
    cacheControl: answer.CacheControl,
    contentDisposition: answer.ContentDisposition,
    contentEncoding: answer.ContentEncoding,
    contentLanguage: answer.ContentLanguage,
    contentType: answer.ContentType,
    expires: answer.ExpiresString,
  };
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) facts[name] = value;
  for (const [name, value] of Object.entries(answer.Metadata ?? {})) facts[`metadata.${name}`] = value;
  return facts;
}

function differingFacts(source: Facts, target: Facts, except: readonly string[]): string[] {
  const names = new Set([...Object.keys(source), ...Object.keys(target)]);
  return [...names]
    .filter((name) => source[name] !== target[name] && !except.includes(name))
    .map((name) => `${name}: ${source[name] ?? 'absent'} ${target[name] ?? 'absent'}`);
}
