import type { S3Bucket } from './bucket.ts';
import { stuckListing } from './stuck-listing.ts';
import { children, decodeKey, text } from './xml.ts';

/** A multipart upload that was begun and neither completed nor aborted. */
export interface OpenUpload {
  key: string;
  uploadId: string;
  initiatedMs: number;
}

/** The uploads under way below a prefix (https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html), a page at a time. */
export async function* listUploads(bucket: S3Bucket, prefix: string, signal?: AbortSignal): AsyncGenerator<OpenUpload> {
  let keyMarker = '';
  let idMarker = '';
  for (;;) {
    const query: Record<string, string> = { uploads: '', 'encoding-type': 'url', prefix };
    if (keyMarker !== '') query['key-marker'] = keyMarker;
    if (idMarker !== '') query['upload-id-marker'] = idMarker;
    const page = await bucket.xml('GET', '', 'ListBucketMultipartUploads', 'ListMultipartUploadsResult', {
      query,
      signal,
    });
    for (const upload of children(page, 'Upload'))
      yield {
        key: decodeKey(text(upload, 'Key')),
        uploadId: text(upload, 'UploadId'),
        initiatedMs: Date.parse(text(upload, 'Initiated')),
      };
    if (text(page, 'IsTruncated') !== 'true') return;
    const nextKey = decodeKey(text(page, 'NextKeyMarker'));
    const nextId = text(page, 'NextUploadIdMarker');
    if (nextKey === '' || (nextKey === keyMarker && nextId === idMarker)) throw stuckListing(bucket, prefix);
    keyMarker = nextKey;
    idMarker = nextId;
  }
}
