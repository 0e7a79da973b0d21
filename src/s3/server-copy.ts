import { uriEncode } from '../aws/signer.ts';
import { DynaferryError } from '../model/errors.ts';
import type { S3Bucket } from './bucket.ts';
import { text } from './xml.ts';

/** The largest object that one CopyObject takes: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html */
export const COPY_BYTES_MAX = 5 * 1024 ** 3;

/** What is copied within the service, in the version with this ETag. */
export interface CopySource {
  bucket: string;
  key: string;
  etag: string;
  /** The source's bucket wants to be told that we pay. */
  requestPayer?: boolean;
}

/**
 * Copies an object within the service, with the target's credentials; resolves with the new ETag. `headers` are set in place of what the source has.
 * Throws SOURCE_CHANGED where the source has another version by now.
 */
export async function copyObject(
  target: S3Bucket,
  key: string,
  source: CopySource,
  headers: Record<string, string>,
  signal?: AbortSignal,
): Promise<string> {
  const answer = await asSourceChanged(source, () =>
    target.xml('PUT', key, 'PutObject', 'CopyObjectResult', {
      headers: {
        ...copyHeaders(source),
        ...headers,
        'x-amz-metadata-directive': 'REPLACE',
        'x-amz-tagging-directive': 'REPLACE',
      },
      signal,
    }),
  );
  return text(answer, 'ETag');
}

/** Copies the range [start, end) as a part of an upload; resolves with the part's ETag. */
export async function copyPart(
  target: S3Bucket,
  key: string,
  upload: { uploadId: string; partNumber: number },
  source: CopySource & { start: number; end: number },
  signal?: AbortSignal,
): Promise<string> {
  const answer = await asSourceChanged(source, () =>
    target.xml('PUT', key, 'PutObject', 'CopyPartResult', {
      query: { partNumber: String(upload.partNumber), uploadId: upload.uploadId },
      headers: { ...copyHeaders(source), 'x-amz-copy-source-range': `bytes=${source.start}-${source.end - 1}` },
      signal,
    }),
  );
  return text(answer, 'ETag');
}

function copyHeaders({ bucket, key, etag, requestPayer }: CopySource): Record<string, string> {
  return {
    'x-amz-copy-source': `/${bucket}/${uriEncode(key, true)}`,
    'x-amz-copy-source-if-match': etag,
    ...(requestPayer === true && { 'x-amz-request-payer': 'requester' }),
  };
}

async function asSourceChanged<T>(source: CopySource, copy: () => Promise<T>): Promise<T> {
  try {
    return await copy();
  } catch (error) {
    if (!(error instanceof DynaferryError) || error.status !== 412) throw error;
    throw new DynaferryError('SOURCE_CHANGED', `s3://${source.bucket}/${source.key} was replaced before it was copied`);
  }
}
