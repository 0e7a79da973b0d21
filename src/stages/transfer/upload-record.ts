import { createHash } from 'node:crypto';
import type { S3Bucket } from '../../s3/bucket.ts';
import { STATE_PREFIX } from './listing/key-range.ts';
import type { BegunUpload, UploadRecord } from './multipart-transfer.ts';

/** Version of the records; one of another version is as none, and its upload is left to `--abort-stale`. */
const VERSION = 1;

/** No part of an object's upload says which version of the source it is of, so a small object beside the target's says it: whichever machine goes on finds it. */
export function uploadRecord(
  target: S3Bucket,
  targetPrefix: string,
  targetKey: string,
  signal: AbortSignal,
): UploadRecord {
  const name = createHash('sha256').update(targetKey).digest('hex');
  const key = `${targetPrefix}${STATE_PREFIX}uploads/${name}.json`;
  return {
    find: async () => {
      const found = await target.find(key, signal);
      return found === undefined ? undefined : readRecord(found.body, targetKey);
    },
    save: async (upload) => {
      const body = Buffer.from(JSON.stringify({ version: VERSION, key: targetKey, ...upload }));
      await target.put(key, body, { contentType: 'application/json', signal });
    },
    remove: () => target.delete(key, signal),
  };
}

/** For an object in one part, of which nothing can be gone on with. */
export const noRecord: UploadRecord = {
  find: async () => undefined,
  save: async () => undefined,
  remove: async () => undefined,
};

function readRecord(body: Buffer, targetKey: string): BegunUpload | undefined {
  let found: Partial<BegunUpload> & { version?: unknown; key?: unknown };
  try {
    found = JSON.parse(body.toString()) as typeof found;
  } catch {
    return undefined;
  }
  const { version, key, uploadId, sourceEtag, partSizeBytes } = found;
  if (version !== VERSION || key !== targetKey) return undefined;
  if (typeof uploadId !== 'string' || typeof sourceEtag !== 'string' || typeof partSizeBytes !== 'number')
    return undefined;
  return { uploadId, sourceEtag, partSizeBytes };
}
