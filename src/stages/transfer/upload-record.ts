import { createHash } from 'node:crypto';
import { isSameEtag } from './etag.ts';
import { isVersion } from './object-headers.ts';
import type { PrefixPair } from './copy-options.ts';
import type { Link } from './link.ts';
import { STATE_PREFIX } from './listing/key-range.ts';
import type { BegunUpload, UploadRecord } from './multipart-transfer.ts';

/** Version of the records; one of another version is as none, and its upload is left to `--abort-stale`. */
const VERSION = 1;

/** Where records lie behind the target's prefix. */
const RECORDS = `${STATE_PREFIX}uploads/`;

interface StoredRecord extends BegunUpload {
  /** Of the target. */
  key: string;
  sourceBucket: string;
  /** Unknown in records of old. */
  sourceKey?: string;
}

interface FoundRecord extends UploadRecord {
  /** What was recorded before, by whatever machine. */
  find(): Promise<BegunUpload | undefined>;
}

/** No part of an object's upload says which version of the source it is of, so a small object beside the target's says it: whichever machine goes on finds it. */
export function uploadRecord(
  { source, target, signal }: Pick<Link, 'source' | 'target' | 'signal'>,
  targetPrefix: string,
  { sourceKey, targetKey }: { sourceKey: string; targetKey: string },
): FoundRecord {
  const name = createHash('sha256').update(targetKey).digest('hex');
  const key = `${targetPrefix}${RECORDS}${name}.json`;
  return {
    find: async () => {
      const found = await target.find(key, signal);
      const record = found === undefined ? undefined : readRecord(found.body);
      return record?.key === targetKey ? record : undefined;
    },
    save: async (upload) => {
      const body = Buffer.from(
        JSON.stringify({ version: VERSION, key: targetKey, sourceBucket: source.name, sourceKey, ...upload }),
      );
      await target.put(key, body, { contentType: 'application/json', signal });
    },
    remove: () => target.delete(key, signal),
  };
}

/** For an object in one part, of which nothing can be gone on with. */
export const noRecord: FoundRecord = {
  find: async () => undefined,
  save: async () => undefined,
  remove: async () => undefined,
};

/**
 * Aborts the uploads that no copy from this source will go on with, since their version of the object is gone or there already (a record may arrive when the process that
 * sent it was killed long ago), and removes records whose upload is gone: what a killed process could not do, or what a later one had no reason to look at.
 */
export async function sweepUploads(
  { source, target, signal }: Pick<Link, 'source' | 'target' | 'signal'>,
  prefixes: readonly PrefixPair[],
): Promise<void> {
  for (const prefix of prefixes)
    for await (const listed of target.list(`${prefix.target}${RECORDS}`, { signal })) {
      const found = await target.find(listed.key, signal);
      const record = found === undefined ? undefined : readRecord(found.body);
      // Another copy into the same prefix looks after its own.
      if (record?.sourceBucket !== source.name || !record.key.startsWith(prefix.target)) continue;
      const { key, uploadId, sourceEtag } = record;
      const sourceKey = prefix.source + key.slice(prefix.target.length);
      if ((record.sourceKey ?? sourceKey) !== sourceKey) continue;
      const now = await source.head(sourceKey, signal);
      const isOld = now === undefined || !isSameEtag(now.etag, sourceEtag);
      if (isOld || isVersion(await target.head(key, signal), { etag: sourceEtag, sizeBytes: now.sizeBytes }))
        await target.abortUpload(key, uploadId, signal);
      else if ((await target.listParts(key, uploadId, signal)) !== undefined) continue;
      await target.delete(listed.key, signal);
    }
}

function readRecord(body: Buffer): StoredRecord | undefined {
  let found: Partial<StoredRecord> & { version?: unknown };
  try {
    found = JSON.parse(body.toString()) as typeof found;
  } catch {
    return undefined;
  }
  const { version, key, sourceBucket, sourceKey, uploadId, sourceEtag, partSizeBytes, headersSha256 } = found;
  if (version !== VERSION || typeof key !== 'string' || typeof sourceBucket !== 'string') return undefined;
  if (typeof uploadId !== 'string' || typeof sourceEtag !== 'string' || typeof partSizeBytes !== 'number')
    return undefined;
  return {
    key,
    sourceBucket,
    uploadId,
    sourceEtag,
    partSizeBytes,
    ...(typeof sourceKey === 'string' && { sourceKey }),
    ...(typeof headersSha256 === 'string' && { headersSha256 }),
  };
}
