import { accessError, type Classify } from '../aws/signed-client.ts';
import { header } from '../aws/http-client.ts';
import { DynaferryError } from '../model/errors.ts';
import { errorWords } from './error-words.ts';
import { NO_ELEMENT, parseXml, text } from './xml.ts';

const throttling = new Set([
  'SlowDown',
  'Throttling',
  'ThrottlingException',
  'RequestLimitExceeded',
  'ServiceUnavailable',
  'TooManyRequests',
]);
const transient = new Set([
  'RequestTimeout',
  'InternalError',
  'IncompleteBody',
  'BadDigest',
  'XAmzContentSHA256Mismatch',
  'OperationAborted',
  'ConditionalRequestConflict',
]);

/** In place of InvalidRequest where a bucket with object locks wants Content-MD5 (https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html). */
export const MD5_WANTED = 'InvalidRequest: Content-MD5';

/** In place of InvalidRequest where an object is under a key of its customer's, which is not given (https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerSideEncryptionCustomerKeys.html). */
export const SSE_C_OBJECT = 'InvalidRequest: SSE-C';

/** How S3 says that a bucket is in another region. 307 is for those that are so new that its name servers do not know them yet. */
const elsewhere = new Set([
  'PermanentRedirect',
  'TemporaryRedirect',
  'AuthorizationHeaderMalformed',
  'IllegalLocationConstraintException',
]);

/** Sorts S3's answers (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html); a 200 can hold an error too. */
export const classify: Classify = (response, request, site) => {
  const { status } = response;
  const success = status >= 200 && status < 300;
  // CompleteMultipartUpload and CopyObject send 200 first and the outcome later.
  const mayFailLate = request.method === 'POST' || request.headers?.['x-amz-copy-source'] !== undefined;
  if (success && !(mayFailLate && isError(response.body))) return undefined;
  const error = parseXml(response.body, 'Error') ?? NO_ELEMENT;
  const message = text(error, 'Message');
  const code = codeOf(text(error, 'Code'), message) || codeOfStatus(status);
  const words = errorWords(message);
  const why = `(${status} ${code}${words === '' ? '' : `: ${words}`})`;
  const where = request.resource.replace(/^arn:[^:]*:s3:::/, 's3://');
  const details = { serviceCode: code, status };
  if (status === 503 || status === 429 || throttling.has(code))
    return new DynaferryError('THROTTLED', `${site.role}: S3 asks to slow down at ${where} (${code})`, details);
  if (code === 'NoSuchBucket')
    return new DynaferryError(
      'BUCKET_NOT_FOUND',
      `${site.role}: there is no bucket for ${where} in ${site.region}`,
      details,
    );
  if (code === 'NoSuchKey' || (status === 404 && code === 'NotFound'))
    return new DynaferryError('OBJECT_NOT_FOUND', `${site.role}: there is no object ${where}`, details);
  if (status === 412 && (request.headers?.['if-match'] ?? request.resumable?.headers['if-match']) !== undefined)
    return new DynaferryError('SOURCE_CHANGED', `${site.role}: ${where} was replaced while it was being read`, details);
  const region = header(response, 'x-amz-bucket-region') ?? text(error, 'Region');
  if (elsewhere.has(code) || status === 301 || status === 307)
    return new DynaferryError(
      'BUCKET_NOT_FOUND',
      `${site.role}: the bucket of ${where} is not in ${site.region}${region ? ` but in ${region}` : ''}`,
      details,
    );
  if (code === 'InvalidObjectState')
    return new DynaferryError('OBJECT_ARCHIVED', `${site.role}: ${where} is in an archive`, details);
  // The digest is what the source says of the object: what was read of it is something else.
  if (code === 'BadDigest' && request.headers?.['content-md5'] !== undefined)
    return new DynaferryError(
      'DATA_DAMAGED',
      `${site.role}: ${where} arrives with another MD5 than announced`,
      details,
    );
  const access = accessError(code, message, request, site, `s3:${request.operation}`);
  if (access !== undefined) return access;
  if ((status >= 500 && status !== 501) || success || transient.has(code))
    return new DynaferryError('SERVICE_FAILED', `${site.role}: S3 failed at ${where} ${why}`, details);
  if (code === UNREADABLE)
    return new DynaferryError(
      'REQUEST_REFUSED',
      `${site.role}: ${site.s3Url} does not answer as S3 does (status ${status})`,
      {
        ...details,
        fix: `Check endpoint.s3 of the ${site.role} in migration.yaml, and what stands between here and there.`,
      },
    );
  return new DynaferryError(
    'REQUEST_REFUSED',
    `${site.role}: S3 refuses ${request.operation} on ${where} ${why}`,
    details,
  );
};

/** Of an invalid request nothing but the message tells what is wrong with it. */
function codeOf(code: string, message: string): string {
  if (code !== 'InvalidRequest') return code;
  if (message.startsWith('Content-MD5')) return MD5_WANTED;
  return message.startsWith('The object was stored using a form of Server Side Encryption') ? SSE_C_OBJECT : code;
}

/** Whether the document is an error, and not one that holds errors, as DeleteObjects sends it. Blanks kept the connection alive until it was known, and may be many. */
function isError(body: Buffer): boolean {
  return /^\s*(?:<\?xml[^>]*\?>\s*)?<Error[\s>]/.test(body.toString('latin1'));
}

/** An answer that is not S3's XML. */
const UNREADABLE = 'UnreadableAnswer';

/** A HEAD has no body to say more. */
function codeOfStatus(status: number): string {
  if (status === 404) return 'NotFound';
  if (status === 403) return 'AccessDenied';
  if (status === 401) return 'Unauthorized';
  if (status === 412) return 'PreconditionFailed';
  return UNREADABLE;
}

/** Whether an upload is not there (any more). Ceph names the key as what is missing. */
export function isGone(error: unknown): boolean {
  return isNotFound(error) || (error instanceof DynaferryError && error.serviceCode === 'NoSuchUpload');
}

function isNotFound(error: unknown): boolean {
  return error instanceof DynaferryError && error.code === 'OBJECT_NOT_FOUND';
}

/** What a request resolves with; undefined where what it asks for is not there. */
export async function unlessMissing<T>(request: Promise<T>, isMissing = isNotFound): Promise<T | undefined> {
  try {
    return await request;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
