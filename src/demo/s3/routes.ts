import {
  createBucket,
  deleteBucket,
  deleteObjects,
  getBucketLocation,
  headBucket,
  listBuckets,
} from './bucket-operations.ts';
import { completeUpload } from './complete-upload.ts';
import { S3Error } from './errors.ts';
import { listObjects } from './list-objects.ts';
import { listParts, listUploads } from './list-uploads.ts';
import { copyObject, deleteObject, getObject, putObject } from './object-operations.ts';
import type { S3Answer, S3Request } from './request.ts';
import type { Store } from './store.ts';
import { abortUpload, createUpload, uploadPart, uploadPartCopy } from './upload-operations.ts';

interface Route {
  readonly method: string;
  readonly on: 'service' | 'bucket' | 'object';
  /** Query parameters that tell this operation from the others. */
  readonly needs?: readonly string[];
  /** Further parameters that it understands. */
  readonly takes?: readonly string[];
  /** A header that tells it from the others. */
  readonly header?: string;
  readonly run: (store: Store, request: S3Request) => S3Answer;
}

const COPY = 'x-amz-copy-source';
const LISTING = [
  'prefix',
  'delimiter',
  'start-after',
  'continuation-token',
  'max-keys',
  'encoding-type',
  'fetch-owner',
];
const UPLOADS = ['prefix', 'key-marker', 'upload-id-marker', 'max-uploads', 'encoding-type'];

/** The first that fits is taken: those that need more come first. */
const routes: readonly Route[] = [
  { method: 'PUT', on: 'object', needs: ['partNumber', 'uploadId'], header: COPY, run: uploadPartCopy },
  { method: 'PUT', on: 'object', needs: ['partNumber', 'uploadId'], run: uploadPart },
  { method: 'PUT', on: 'object', header: COPY, run: copyObject },
  { method: 'PUT', on: 'object', run: putObject },
  { method: 'GET', on: 'object', needs: ['uploadId'], takes: ['max-parts', 'part-number-marker'], run: listParts },
  { method: 'GET', on: 'object', run: getObject },
  { method: 'HEAD', on: 'object', run: getObject },
  { method: 'DELETE', on: 'object', needs: ['uploadId'], run: abortUpload },
  { method: 'DELETE', on: 'object', run: deleteObject },
  { method: 'POST', on: 'object', needs: ['uploads'], run: createUpload },
  { method: 'POST', on: 'object', needs: ['uploadId'], run: completeUpload },
  { method: 'GET', on: 'bucket', needs: ['list-type'], takes: LISTING, run: listObjects },
  { method: 'GET', on: 'bucket', needs: ['uploads'], takes: UPLOADS, run: listUploads },
  { method: 'GET', on: 'bucket', needs: ['location'], run: getBucketLocation },
  { method: 'POST', on: 'bucket', needs: ['delete'], run: deleteObjects },
  { method: 'PUT', on: 'bucket', run: createBucket },
  { method: 'HEAD', on: 'bucket', run: headBucket },
  { method: 'DELETE', on: 'bucket', run: deleteBucket },
  { method: 'GET', on: 'service', run: listBuckets },
];

/** Does what the request asks. Throws S3Error; NotImplemented for what this endpoint does not know, rather than half of it. */
export function route(store: Store, request: S3Request): S3Answer {
  const on = request.bucket === '' ? 'service' : request.key === '' ? 'bucket' : 'object';
  const found = routes.find(
    ({ method, on: level, needs = [], header }) =>
      method === request.method &&
      level === on &&
      needs.every((name) => request.query.has(name)) &&
      (header === undefined || request.headers[header] !== undefined),
  );
  if (found === undefined)
    throw new S3Error('NotImplemented', `${request.method} of a ${on} is not implemented here in this form.`);
  for (const name of request.query.keys()) {
    // The SDK tells the operation's name in x-id; S3 passes it over.
    if (name !== 'x-id' && !found.needs?.includes(name) && !found.takes?.includes(name))
      throw new S3Error('NotImplemented', `The query parameter ${name} is not implemented here.`, { Parameter: name });
  }
  return found.run(store, request);
}
