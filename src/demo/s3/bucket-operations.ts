import { S3Error } from './errors.ts';
import { verifyDigests } from './digests.ts';
import { headerOf, isoTime, xmlAnswer, type S3Answer, type S3Request } from './request.ts';
import { Bucket, type Store } from './store.ts';
import { children, text } from '../../s3/xml.ts';
import { requestDocument, xmlDocument } from './xml.ts';

/** Keys of one DeleteObjects request (https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html). */
const DELETE_KEYS_MAX = 1000;

export function listBuckets(store: Store): S3Answer {
  const buckets = [...store.buckets.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  return xmlAnswer(
    xmlDocument('ListAllMyBucketsResult', {
      Buckets: { Bucket: buckets.map(({ name, createdMs }) => ({ Name: name, CreationDate: isoTime(createdMs) })) },
    }),
  );
}

/** Throws BucketAlreadyOwnedByYou: only us-east-1 says 200 there. */
export function createBucket(store: Store, request: S3Request): S3Answer {
  const name = request.bucket;
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name))
    throw new S3Error('InvalidBucketName', 'The specified bucket is not valid.', { BucketName: name });
  const { body } = request;
  const asked = body.length === 0 ? '' : text(requestDocument(body, 'CreateBucketConfiguration'), 'LocationConstraint');
  if ((asked || 'us-east-1') !== store.region)
    throw new S3Error(
      'IllegalLocationConstraintException',
      `The location constraint is not that of this endpoint, which is ${store.region}.`,
    );
  if (store.buckets.has(name))
    throw new S3Error('BucketAlreadyOwnedByYou', 'You already own a bucket of that name.', { BucketName: name });
  store.buckets.set(name, new Bucket(name, store.now()));
  return { status: 200, headers: { location: `/${name}` } };
}

export function headBucket(store: Store, request: S3Request): S3Answer {
  store.bucket(request.bucket);
  return { status: 200, headers: { 'x-amz-bucket-region': store.region } };
}

export function deleteBucket(store: Store, request: S3Request): S3Answer {
  if (!store.bucket(request.bucket).isEmpty)
    throw new S3Error('BucketNotEmpty', 'The bucket you tried to delete is not empty.', { BucketName: request.bucket });
  store.buckets.delete(request.bucket);
  return { status: 204 };
}

export function getBucketLocation(store: Store, request: S3Request): S3Answer {
  store.bucket(request.bucket);
  const location = store.region === 'us-east-1' ? '' : store.region;
  return xmlAnswer(
    `<?xml version="1.0" encoding="UTF-8"?>\n<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${location}</LocationConstraint>`,
  );
}

/** Says Deleted of keys that were not there, too. */
export function deleteObjects(store: Store, request: S3Request): S3Answer {
  const bucket = store.bucket(request.bucket);
  if (verifyDigests(request) === undefined && headerOf(request, 'content-md5') === undefined)
    throw new S3Error('InvalidRequest', 'Missing required header for this request: Content-MD5 or x-amz-checksum-*');
  const document = requestDocument(request.body, 'Delete');
  const objects = children(document, 'Object');
  if (objects.length === 0 || objects.length > DELETE_KEYS_MAX)
    throw new S3Error('MalformedXML', `A delete takes 1 to ${DELETE_KEYS_MAX} keys.`);
  const keys = objects.map((object) => {
    const key = text(object, 'Key');
    if (key === '') throw new S3Error('MalformedXML', 'An Object has no Key.');
    if (text(object, 'VersionId') !== '')
      throw new S3Error('NotImplemented', 'Object versions are not implemented here.');
    return key;
  });
  for (const key of keys) bucket.delete(key);
  const quiet = text(document, 'Quiet') === 'true';
  return xmlAnswer(xmlDocument('DeleteResult', { Deleted: quiet ? [] : keys.map((Key) => ({ Key })) }));
}
