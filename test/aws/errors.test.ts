import { inspect } from 'node:util';
import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { DynamoDbClient } from '../../src/dynamodb/client.ts';
import { S3Bucket } from '../../src/s3/bucket.ts';
import { DynaferryError } from '../../src/model/errors.ts';
import type { ErrorCode } from '../../src/model/error-catalogue.ts';
import { AnsweringService, dynamoDbError, s3Error, type Answer } from './answers.ts';
import { siteAt } from './site-at.ts';

const retry = { attemptsMax: 1, delayMsBase: 0, delayMsMax: 0 };

async function failure(work: Promise<unknown>): Promise<DynaferryError> {
  const outcome = await work.catch((error: unknown) => error);
  if (!(outcome instanceof DynaferryError)) throw new Error(`expected a DynaferryError, got ${String(outcome)}`);
  return outcome;
}

async function callDynamoDb(answer: Answer, operation = 'Scan', region = 'us-west-2'): Promise<DynaferryError> {
  await using service = await new AnsweringService(() => answer).start();
  const client = new DynamoDbClient(siteAt(service.endpoint, { region }), { retry });
  const error = await failure(client.call(operation, 'users', Buffer.from('{}')));
  await client.close();
  return error;
}

async function callS3(
  answer: Answer,
  work: (bucket: S3Bucket) => Promise<unknown> = (bucket) => bucket.get('a/b c'),
): Promise<DynaferryError> {
  await using service = await new AnsweringService(() => answer).start();
  const bucket = new S3Bucket(siteAt(service.endpoint, { role: 'target', region: 'cn-north-1' }), 'staging', { retry });
  const error = await failure(work(bucket));
  await bucket.close();
  return error;
}

/** Everything that a log, a report or a stack trace could show of an error. */
function shown(error: DynaferryError): string {
  return `${inspect(error, { depth: 9, showHidden: true })} ${JSON.stringify(error)} ${error.message} ${error.fix} ${error.stack}`;
}

describe("DynamoDB's errors become", () => {
  it.each<[string, number, ErrorCode, string?]>([
    ['ProvisionedThroughputExceededException', 400, 'THROTTLED'],
    ['ThrottlingException', 400, 'THROTTLED'],
    ['RequestLimitExceeded', 400, 'THROTTLED'],
    ['LimitExceededException', 400, 'THROTTLED', 'Only 10 tables can be created, updated, or deleted simultaneously'],
    ['LimitExceededException', 400, 'REQUEST_REFUSED', 'There is a limit of 256 tables per subscriber'],
    ['ResourceNotFoundException', 400, 'TABLE_NOT_FOUND'],
    ['UnrecognizedClientException', 400, 'CREDENTIALS_REJECTED'],
    ['InvalidSignatureException', 400, 'SIGNATURE_REJECTED', 'The request signature we calculated does not match'],
    ['InvalidSignatureException', 400, 'CLOCK_SKEW', 'Signature expired: 20260101T000000Z is now earlier than …'],
    ['InvalidSignatureException', 400, 'CLOCK_SKEW', 'Signature not yet current: 20260101T000000Z is still later'],
    ['ExpiredTokenException', 400, 'CREDENTIALS_EXPIRED'],
    ['AccessDeniedException', 400, 'ACCESS_DENIED'],
    ['InternalServerError', 500, 'SERVICE_FAILED'],
    ['ServiceUnavailable', 503, 'SERVICE_FAILED'],
    ['TransactionConflictException', 400, 'SERVICE_FAILED'],
    ['ValidationException', 400, 'REQUEST_REFUSED'],
    ['ConditionalCheckFailedException', 400, 'REQUEST_REFUSED'],
    ['ItemCollectionSizeLimitExceededException', 400, 'REQUEST_REFUSED'],
  ])('%s (%i): %s', async (code, status, expected, message) => {
    const error = await callDynamoDb({ status, body: dynamoDbError(code, message) });
    expect([error.code, error.serviceCode, error.status ?? status]).toEqual([expected, code, status]);
  });

  it('ACCESS_DENIED that names action and resource, in the partition of the site', async () => {
    const body = dynamoDbError('AccessDeniedException', 'User: arn:aws:iam::1:user/x is not authorized');
    const error = await callDynamoDb({ status: 400, body }, 'BatchWriteItem', 'cn-north-1');
    expect(error.message).toContain('dynamodb:BatchWriteItem');
    expect(error.message).toContain('arn:aws-cn:dynamodb:cn-north-1:*:table/users');
    expect(error.fix).toContain('dynamodb:BatchWriteItem');
  });

  it('SERVICE_FAILED where something else answers with a page of its own under 5xx, and a refusal under 4xx', async () => {
    expect((await callDynamoDb({ status: 502, body: '<html>Bad Gateway</html>' })).code).toBe('SERVICE_FAILED');
    expect((await callDynamoDb({ status: 403, body: '<html>Proxy</html>' })).serviceCode).toBe('UnreadableAnswer');
  });

  it('INTERRUPTED_NETWORK where the body is not what its CRC says', async () => {
    const headers = { 'x-amz-crc32': String(crc32('{"Items":[]}')) };
    const error = await callDynamoDb({ status: 200, body: '{"Items":{}}', headers });
    expect(error.code).toBe('INTERRUPTED_NETWORK');
  });

  const canary = 'CANARY-4711';
  const quoting = `One or more parameter values were invalid: Type mismatch for key PK value: {S:${canary}} expected: N`;

  it.each(['Scan', 'PutItem', 'BatchWriteItem', 'GetItem', 'BatchGetItem', 'Query', 'UpdateItem', 'GetRecords'])(
    'errors of %s that show nothing of an item, whatever the code',
    async (operation) => {
      for (const code of [
        'ValidationException',
        'AccessDeniedException',
        'InternalServerError',
        'ThrottlingException',
        'Odd',
      ]) {
        const error = await callDynamoDb(
          { status: code.startsWith('Int') ? 500 : 400, body: dynamoDbError(code, quoting) },
          operation,
        );
        expect(shown(error)).not.toContain(canary);
      }
      // A dead letter, which may hold it, gets it.
      const error = await callDynamoDb({ status: 400, body: dynamoDbError('ValidationException', quoting) }, operation);
      expect(error.serviceMessage).toContain(canary);
    },
  );

  it('errors that tell the reason where no item can be in it', async () => {
    const body = dynamoDbError('ValidationException', 'Subscriber limit exceeded');
    expect((await callDynamoDb({ status: 400, body }, 'CreateTable')).message).toContain('Subscriber limit exceeded');
  });
});

describe("S3's errors become", () => {
  it.each<[string, number, ErrorCode]>([
    ['SlowDown', 503, 'THROTTLED'],
    ['ServiceUnavailable', 503, 'THROTTLED'],
    ['RequestLimitExceeded', 400, 'THROTTLED'],
    ['NoSuchBucket', 404, 'BUCKET_NOT_FOUND'],
    ['NoSuchKey', 404, 'OBJECT_NOT_FOUND'],
    ['PermanentRedirect', 301, 'BUCKET_NOT_FOUND'],
    ['AuthorizationHeaderMalformed', 400, 'BUCKET_NOT_FOUND'],
    ['TemporaryRedirect', 307, 'BUCKET_NOT_FOUND'],
    ['IllegalLocationConstraintException', 400, 'BUCKET_NOT_FOUND'],
    ['InvalidAccessKeyId', 403, 'CREDENTIALS_REJECTED'],
    ['InvalidToken', 400, 'CREDENTIALS_REJECTED'],
    ['SignatureDoesNotMatch', 403, 'SIGNATURE_REJECTED'],
    ['RequestTimeTooSkewed', 403, 'CLOCK_SKEW'],
    ['ExpiredToken', 400, 'CREDENTIALS_EXPIRED'],
    ['AccessDenied', 403, 'ACCESS_DENIED'],
    ['AllAccessDisabled', 403, 'ACCESS_DENIED'],
    ['UnauthorizedAccess', 403, 'ACCESS_DENIED'],
    ['InternalError', 500, 'SERVICE_FAILED'],
    ['RequestTimeout', 400, 'SERVICE_FAILED'],
    ['BadDigest', 400, 'SERVICE_FAILED'],
    ['XAmzContentSHA256Mismatch', 400, 'SERVICE_FAILED'],
    ['OperationAborted', 409, 'SERVICE_FAILED'],
    ['ConditionalRequestConflict', 409, 'SERVICE_FAILED'],
    ['EntityTooLarge', 400, 'REQUEST_REFUSED'],
    ['InvalidRange', 416, 'REQUEST_REFUSED'],
    ['PreconditionFailed', 412, 'REQUEST_REFUSED'],
  ])('%s (%i): %s', async (code, status, expected) => {
    const error = await callS3({ status, body: s3Error(code) });
    expect([error.code, error.serviceCode]).toEqual([expected, code]);
  });

  it('SOURCE_CHANGED where a read bound to a version finds another', async () => {
    const answer = { status: 412, body: s3Error('PreconditionFailed') };
    expect((await callS3(answer, (bucket) => bucket.get('k', { ifMatch: '"x"' }))).code).toBe('SOURCE_CHANGED');
  });

  it('ACCESS_DENIED that names action and resource', async () => {
    const denied = { status: 403, body: s3Error('AccessDenied') };
    const error = await callS3(denied, (bucket) => bucket.put('a/b c', Buffer.from('x')));
    expect(error.message).toContain('s3:PutObject on arn:aws-cn:s3:::staging/a/b c');
    const listing = await callS3(denied, (bucket) => bucket.check('p/'));
    expect(listing.message).toContain('s3:ListBucket on arn:aws-cn:s3:::staging (');
  });

  it('ACCESS_DENIED that names the KMS key where it is the key, and the kind of policy that denies', async () => {
    const key = 'arn:aws-cn:kms:cn-north-1:444455556666:key/1234abcd-12ab-34cd-56ef-1234567890ab';
    const put = (bucket: S3Bucket): Promise<unknown> => bucket.put('k', Buffer.from('x'));
    const denied = async (message: string): Promise<DynaferryError> =>
      callS3({ status: 403, body: s3Error('AccessDenied', message) }, put);
    const user = 'User: arn:aws-cn:iam::444455556666:user/x is not authorized to perform:';
    const noKey = await denied(
      `${user} kms:GenerateDataKey on resource: ${key} because no identity-based policy allows`,
    );
    expect(noKey.message).toContain(`kms:GenerateDataKey on ${key} (`);
    expect(noKey.fix).toContain(`kms:GenerateDataKey on ${key} for`);
    const hidden = await denied(`${user} kms:GenerateDataKey on this resource because the resource does not exist`);
    expect(hidden.message).toContain('kms:GenerateDataKey on the KMS key of arn:aws-cn:s3:::staging/k');
    const explicit = await denied(
      `${user} s3:PutObject on resource: "arn:aws-cn:s3:::staging/k" with an explicit deny in a resource-based policy`,
    );
    expect(explicit.message).toContain('s3:PutObject on arn:aws-cn:s3:::staging/k');
    expect(explicit.fix).toContain('resource-based policy');
    const tags = await denied(`${user} s3:PutObjectTagging on resource: "arn:aws-cn:s3:::staging/k" because no …`);
    expect(tags.message).toContain('s3:PutObjectTagging on arn:aws-cn:s3:::staging/k');
    const body = dynamoDbError(
      'AccessDeniedException',
      'KMS key access denied error: com.amazonaws…AWSKMSException: …',
    );
    expect((await callDynamoDb({ status: 400, body })).message).toContain(
      'kms:Decrypt on the KMS key of arn:aws:dynamodb',
    );
  });

  it('BUCKET_NOT_FOUND that says in which region the bucket is', async () => {
    const body = s3Error('AuthorizationHeaderMalformed', 'x', '<Region>cn-northwest-1</Region>');
    expect((await callS3({ status: 400, body })).message).toContain('but in cn-northwest-1');
  });

  it('failures also inside a 200 that answers a Complete, and in a 200 that is no answer at all', async () => {
    const complete = (bucket: S3Bucket): Promise<void> =>
      bucket.completeUpload('k', 'u', [{ partNumber: 1, etag: '"x"' }]);
    expect((await callS3({ status: 200, body: s3Error('InternalError') }, complete)).code).toBe('SERVICE_FAILED');
    expect((await callS3({ status: 200, body: s3Error('SlowDown') }, complete)).code).toBe('THROTTLED');
    // S3 keeps the connection alive with blanks for as long as it takes.
    const body = s3Error('SlowDown').replace('\n', `\n${' '.repeat(1000)}`);
    expect((await callS3({ status: 200, body }, complete)).code).toBe('THROTTLED');
    expect((await callS3({ status: 200, body: '' }, complete)).code).toBe('SERVICE_FAILED');
    expect((await callS3({ status: 200, body: '<html/>' }, (bucket) => bucket.list('').next())).code).toBe(
      'SERVICE_FAILED',
    );
  });

  describe('nothing, where a bucket with object locks wants an MD5, but the MD5:', () => {
    const message =
      'Content-MD5 OR x-amz-checksum- HTTP header is required for Put Part requests with Object Lock parameters';
    const md5 = 'hBotaJrYa9FhFEdFPCLG/A==';
    const lockedBucket = (): Promise<AnsweringService> =>
      new AnsweringService(({ headers }) =>
        headers['content-md5'] === undefined
          ? { status: 400, body: s3Error('InvalidRequest', message) }
          : { status: 200, headers: { etag: '"e"' } },
      ).start();

    it('asked for once', async () => {
      await using service = await lockedBucket();
      const bucket = new S3Bucket(siteAt(service.endpoint), 'staging', { retry });
      expect(await bucket.uploadPart('k', 'u', 1, Buffer.from('body'))).toBe('"e"');
      expect(await bucket.put('k', Buffer.from('body'))).toBe('"e"');
      await bucket.close();
      expect(service.asked.map(({ headers }) => headers['content-md5'])).toEqual([undefined, md5, md5]);
    });

    it('by all that are under way', async () => {
      await using service = await lockedBucket();
      const bucket = new S3Bucket(siteAt(service.endpoint), 'staging', { retry });
      const parts = [1, 2, 3].map((part) => bucket.uploadPart('k', 'u', part, Buffer.from('body')));
      expect(await Promise.all(parts)).toEqual(['"e"', '"e"', '"e"']);
      await bucket.close();
    });
  });

  it('errors that tell the reason in S3’s own words', async () => {
    const body = s3Error('AccessControlListNotSupported', 'The bucket does not allow ACLs');
    expect((await callS3({ status: 400, body })).message).toBe(
      'target: S3 refuses GetObject on s3://staging/a/b c (400 AccessControlListNotSupported: The bucket does not allow ACLs)',
    );
    expect((await callS3({ status: 500, body: s3Error('InternalError', 'Try again') })).message).toContain(
      '(500 InternalError: Try again)',
    );
    expect((await callS3({ status: 400, body: s3Error('InvalidArgument', '') })).message).toContain(
      '(400 InvalidArgument)',
    );
  });

  it('errors that show nothing of credentials, whatever the document holds', async () => {
    const more =
      '<AWSAccessKeyId>AKIACANARY4711CANARY</AWSAccessKeyId><StringToSign>CANARY</StringToSign><SignatureProvided>CANARY</SignatureProvided>';
    for (const said of ['some words', 'The Access Key Id CANARY is not known', 'Signature=CANARY'])
      for (const code of ['InvalidArgument', 'SignatureDoesNotMatch', 'InternalError', 'BadRequest'])
        expect(shown(await callS3({ status: 400, body: s3Error(code, said, more) }))).not.toContain('CANARY');
  });

  it('REQUEST_REFUSED that tells an object under a key of its customer from other invalid requests', async () => {
    const message =
      'The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object.';
    const codes = [message, 'Other'].map(async (said) =>
      callS3({ status: 400, body: s3Error('InvalidRequest', said) }),
    );
    expect(await Promise.all(codes)).toMatchObject([
      { code: 'REQUEST_REFUSED', serviceCode: 'InvalidRequest: SSE-C' },
      { code: 'REQUEST_REFUSED', serviceCode: 'InvalidRequest' },
    ]);
  });

  it('nothing at all where an aborted upload or a looked-for object is gone', async () => {
    await using service = await new AnsweringService(({ method }) => ({
      status: 404,
      body: s3Error(method === 'GET' ? 'NoSuchKey' : 'NoSuchUpload'),
    })).start();
    const bucket = new S3Bucket(siteAt(service.endpoint), 'staging', { retry });
    expect(await bucket.find('k')).toBeUndefined();
    expect(await bucket.head('k')).toBeUndefined();
    await bucket.abortUpload('k', 'u');
    await bucket.close();
  });

  it.each<[string, number, ErrorCode]>([
    ['InvalidAccessKeyId', 403, 'CREDENTIALS_REJECTED'],
    ['AccessDenied', 403, 'ACCESS_DENIED'],
    ['ExpiredToken', 400, 'CREDENTIALS_EXPIRED'],
    ['AuthorizationHeaderMalformed', 400, 'BUCKET_NOT_FOUND'],
  ])('what they are also for a HEAD, whose answer has no body to say %s', async (code, status, expected) => {
    expect((await callS3({ status, body: s3Error(code) }, (bucket) => bucket.head('k'))).code).toBe(expected);
  });
});

describe('session credentials that end', () => {
  const refreshes: boolean[] = [];
  let token = 'old';
  const credentials = async (options?: {
    refresh?: boolean;
  }): Promise<{ accessKeyId: string; secretAccessKey: string; sessionToken: string }> => {
    refreshes.push(options?.refresh === true);
    if (options?.refresh === true) token = 'new';
    return { accessKeyId: 'A', secretAccessKey: 'S', sessionToken: token };
  };
  const expired = (isS3: boolean): Answer =>
    isS3
      ? { status: 400, body: s3Error('ExpiredToken', 'The provided token has expired.') }
      : { status: 400, body: dynamoDbError('ExpiredTokenException') };

  it.each(['dynamodb', 's3 GET', 's3 HEAD'])('are renewed once and the request goes on: %s', async (which) => {
    refreshes.length = 0;
    token = 'old';
    const isS3 = which !== 'dynamodb';
    await using service = await new AnsweringService(({ headers }) =>
      headers['x-amz-security-token'] === 'new' ? { status: 200, body: '{}' } : expired(isS3),
    ).start();
    const site = siteAt(service.endpoint, { credentials });
    if (isS3) {
      const bucket = new S3Bucket(site, 'staging', { retry });
      expect(await (which === 's3 HEAD' ? bucket.head('k') : bucket.get('k'))).toMatchObject({ sizeBytes: 2 });
      await bucket.close();
    } else {
      const client = new DynamoDbClient(site, { retry });
      expect((await client.call('Scan', 't', Buffer.from('{}'))).toString()).toBe('{}');
      await client.close();
    }
    expect(refreshes.filter(Boolean)).toHaveLength(1);
  });

  it('and cannot be renewed end in CREDENTIALS_EXPIRED after one more try', async () => {
    await using service = await new AnsweringService(() => expired(false)).start();
    const client = new DynamoDbClient(siteAt(service.endpoint, { credentials }));
    expect((await failure(client.call('Scan', 't', Buffer.from('{}')))).code).toBe('CREDENTIALS_EXPIRED');
    expect(service.asked).toHaveLength(2);
    await client.close();
  });
});
