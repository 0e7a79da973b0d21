import { describe, expect, it } from 'vitest';
import { endlessRetryPolicy } from '../../src/aws/retry.ts';
import { openSite } from '../../src/aws/site.ts';
import { StreamsClient, isExpiredIterator } from '../../src/dynamodb/streams.ts';
import type { DynaferryError } from '../../src/model/errors.ts';
import { AnsweringService, dynamoDbError, type Answer } from '../aws/answers.ts';
import { siteAt } from '../aws/site-at.ts';

const ARN = 'arn:aws:dynamodb:us-west-2:1:table/users/stream/2026-01-01T00:00:00.000';
const once = { attemptsMax: 1, delayMsBase: 0, delayMsMax: 0 };

async function errorOf(answer: Answer): Promise<DynaferryError> {
  await using service = await new AnsweringService(() => answer).start();
  const client = new StreamsClient(siteAt(service.endpoint), { retry: once });
  const error = await client.records(ARN, 'iterator').catch((thrown: unknown) => thrown);
  await client.close();
  return error as DynaferryError;
}

describe('DynamoDB Streams', () => {
  it.each([
    ['us-west-2', 'https://streams.dynamodb.us-west-2.amazonaws.com'],
    ['cn-north-1', 'https://streams.dynamodb.cn-north-1.amazonaws.com.cn'],
  ])('are at a host of their own in %s, and where an endpoint is given, there', (region, url) => {
    expect(openSite('source', { region }, {}).streamsUrl).toBe(url);
    const dynamodb = 'http://127.0.0.1:8000';
    expect(openSite('source', { region, endpoint: { dynamodb } }, {}).streamsUrl).toBe(dynamodb);
    const streams = 'https://vpce-1.streams.dynamodb.example';
    expect(openSite('source', { region, endpoint: { dynamodb, streams } }, {}).streamsUrl).toBe(streams);
  });

  it.each([
    ['LimitExceededException', 'THROTTLED'],
    ['TrimmedDataAccessException', 'STREAM_GAP'],
    ['ResourceNotFoundException', 'STREAM_GAP'],
    ['AccessDeniedException', 'ACCESS_DENIED'],
    ['ExpiredIteratorException', 'REQUEST_REFUSED'],
  ])('answer %s, which is %s', async (serviceCode, code) => {
    const error = await errorOf({ status: 400, body: dynamoDbError(serviceCode, 'quotes an item: SECRET') });
    expect(error).toMatchObject({ code });
    expect(error.message).not.toContain('SECRET');
    expect(isExpiredIterator(error)).toBe(serviceCode === 'ExpiredIteratorException');
    if (code === 'ACCESS_DENIED') expect(error.message).toContain(`dynamodb:GetRecords on ${ARN}`);
  });

  it('are tried again without end once they have answered, and not before', async () => {
    const description = { StreamDescription: { StreamStatus: 'ENABLED', Shards: [{ ShardId: 'a' }] } };
    let calls = 0;
    const outage = 300;
    await using service = await new AnsweringService(() =>
      ++calls === 1 || calls > outage
        ? { status: 200, body: JSON.stringify(description) }
        : { status: 500, body: dynamoDbError('InternalServerError') },
    ).start();
    const client = new StreamsClient(siteAt(service.endpoint), {
      retryOnceAnswered: endlessRetryPolicy,
      random: () => 0,
    });
    await client.describe(ARN);
    expect(await client.describe(ARN)).toEqual({ status: 'ENABLED', shards: [{ ShardId: 'a' }] });
    expect(calls).toBe(outage + 1);
    await client.close();

    calls = 1;
    const fresh = new StreamsClient(siteAt(service.endpoint), {
      retryOnceAnswered: endlessRetryPolicy,
      random: () => 0,
    });
    await expect(fresh.describe(ARN)).rejects.toMatchObject({ code: 'SERVICE_FAILED' });
    await fresh.close();
  });
});
