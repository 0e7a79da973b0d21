import { GetObjectCommand, paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { SOURCE_BUCKET, TARGET_BUCKET } from '../data-sets.ts';

/*
 * The usual way to copy between accounts with the SDK: what GetObject streams goes into an Upload, with the SDK's own settings, some objects at
 * once. It compares nothing and goes on with nothing.
 *
 *   node bench/copy/sdk-loop/main.ts SOURCE-ENDPOINT TARGET-ENDPOINT PREFIX OBJECTS-AT-ONCE
 */
const [sourceEndpoint, targetEndpoint, prefix, objectsAtOnce] = process.argv.slice(2);
const source = new S3Client({ region: 'us-west-2', endpoint: sourceEndpoint, forcePathStyle: true });
const target = new S3Client({ region: 'cn-north-1', endpoint: targetEndpoint, forcePathStyle: true });

async function copy(Key: string): Promise<void> {
  const { Body, ContentType, Metadata } = await source.send(new GetObjectCommand({ Bucket: SOURCE_BUCKET, Key }));
  await new Upload({ client: target, params: { Bucket: TARGET_BUCKET, Key, Body, ContentType, Metadata } }).done();
}

async function copyAll(keys: AsyncIterator<string>): Promise<void> {
  for (let next = await keys.next(); next.done !== true; next = await keys.next()) await copy(next.value);
}

async function* listKeys(): AsyncGenerator<string, undefined> {
  for await (const page of paginateListObjectsV2({ client: source }, { Bucket: SOURCE_BUCKET, Prefix: prefix }))
    for (const { Key } of page.Contents ?? []) if (Key !== undefined) yield Key;
  return undefined;
}

const keys = listKeys();
await Promise.all(Array.from({ length: Number(objectsAtOnce) }, () => copyAll(keys)));
