import { describe, expect, it } from 'vitest';
import { RecordReader } from '../../src/dynamodb/stream-records.ts';
import { NameTable, type ItemView } from '../../src/model/item.ts';

const textOf = (item: ItemView | undefined): string | undefined =>
  item && item.bytes.toString('utf8', item.start, item.end);

function read(page: object | string) {
  const reader = new RecordReader(new NameTable(['PK']));
  const records: object[] = [];
  const facts = reader.read(Buffer.from(typeof page === 'string' ? page : JSON.stringify(page)), (record) => {
    const { sequenceNumber, createdMs, isByTtl } = record;
    records.push({
      keys: textOf(record.keys),
      newImage: textOf(record.newImage),
      oldImage: textOf(record.oldImage),
      sequenceNumber,
      createdMs,
      isByTtl,
    });
  });
  return { facts, records };
}

const record = (dynamodb: object, more: object = {}): object => ({
  ...more,
  awsRegion: 'us-west-2',
  dynamodb: { ApproximateCreationDateTime: 1700000000, Keys: { PK: { S: 'k' } }, SequenceNumber: '100', ...dynamodb },
  eventName: 'MODIFY',
});

describe('an answer of GetRecords', () => {
  it('gives each record with its images as they stand', () => {
    const { facts, records } = read({
      NextShardIterator: 'next',
      Records: [
        record({ NewImage: { PK: { S: 'k' }, a: { N: '1.0' } }, SizeBytes: 3 }),
        record({ OldImage: { PK: { S: 'k' } }, SequenceNumber: '999999999999999999999999999999999999' }),
      ],
    });
    expect(facts).toEqual({ records: 2, nextIterator: 'next' });
    expect(records).toEqual([
      {
        keys: '{"PK":{"S":"k"}}',
        newImage: '{"PK":{"S":"k"},"a":{"N":"1.0"}}',
        oldImage: undefined,
        sequenceNumber: '100',
        createdMs: 1_700_000_000_000,
        isByTtl: false,
      },
      expect.objectContaining({
        newImage: undefined,
        oldImage: '{"PK":{"S":"k"}}',
        sequenceNumber: '999999999999999999999999999999999999',
      }),
    ]);
  });

  it.each([
    { userIdentity: { PrincipalId: 'dynamodb.amazonaws.com', Type: 'Service' } },
    { userIdentity: { principalId: 'dynamodb.amazonaws.com', type: 'Service' } },
  ])('knows a delete by TTL by $userIdentity', (identity) => {
    expect(read({ Records: [record({}, identity)] }).records).toMatchObject([{ isByTtl: true }]);
  });

  it.each([
    ['1700000000.1239', 1_700_000_000_123],
    ['1.7000000005E9', 1_700_000_000_500],
  ])('has times in whole milliseconds: %s', (text, createdMs) => {
    const page = JSON.stringify({ Records: [record({})] }).replace('1700000000', text);
    expect(read(page).records).toMatchObject([{ createdMs }]);
  });

  it('is the shard’s end where there is no iterator, or null in its place', () => {
    expect(read({ Records: [] }).facts).toEqual({ records: 0, nextIterator: undefined });
    expect(read({ Records: [], NextShardIterator: null }).facts.nextIterator).toBeUndefined();
  });

  it('that lacks something or is cut off is not believed', () => {
    const broken = [
      '{"Records":[{"dynamodb":{"Keys":{"PK":{"S":"k"}}}}]}',
      JSON.stringify({ Records: [record({})] }).slice(0, -5),
      '[]',
    ];
    for (const page of broken) expect(() => read(page)).toThrow(/answer of GetRecords cannot be read/);
  });
});
