import { describe, expect, test } from 'vitest';
import { DynamoDbClient } from '../../../src/dynamodb/client.ts';
import { DynaferryError } from '../../../src/model/errors.ts';
import { inspectTable, type InspectOptions } from '../../../src/stages/inspect/inspect-table.ts';
import { clientOf } from '../../dynamodb/client-of.ts';
import { writeItems, type Item } from '../../world/table.ts';
import { useWorld } from '../../world/use-world.ts';

const { source } = await useWorld('dynamodb');
const client = clientOf(source);
const ITEMS = 400;

const table = await source.createTable({
  AttributeDefinitions: [
    { AttributeName: 'PK', AttributeType: 'S' },
    { AttributeName: 'SK', AttributeType: 'N' },
    { AttributeName: 'country', AttributeType: 'S' },
  ],
  KeySchema: [
    { AttributeName: 'PK', KeyType: 'HASH' },
    { AttributeName: 'SK', KeyType: 'RANGE' },
  ],
  LocalSecondaryIndexes: [
    {
      IndexName: 'local',
      KeySchema: [
        { AttributeName: 'PK', KeyType: 'HASH' },
        { AttributeName: 'country', KeyType: 'RANGE' },
      ],
      Projection: { ProjectionType: 'KEYS_ONLY' },
    },
  ],
  GlobalSecondaryIndexes: [
    {
      IndexName: 'by-country',
      KeySchema: [{ AttributeName: 'country', KeyType: 'HASH' }],
      Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: ['Email'] },
    },
  ],
  StreamSpecification: { StreamEnabled: true, StreamViewType: 'KEYS_ONLY' },
  DeletionProtectionEnabled: false,
});
await writeItems(
  source.dynamodb,
  table,
  Array.from({ length: ITEMS }, (_, i): Item => {
    return {
      PK: { S: `canary-user-${i}` },
      SK: { N: String(i) },
      country: { S: i % 4 === 0 ? 'China' : 'Elsewhere' },
      Email: { S: 'canary@example.com' },
      ...(i % 2 === 0 ? { email: { NULL: true } } : {}),
      amount: i % 10 === 0 ? { N: '1' } : { S: 'canary' },
      sessions: { M: { [`session-${10_000 + i}`]: { M: { at: { N: '1' } } } } },
      ...(i === 7 ? { payload: { B: Buffer.alloc(380 * 1024) } } : {}),
    };
  }),
);

function inspect(options: Partial<InspectOptions> = {}): ReturnType<typeof inspectTable> {
  return inspectTable({ client, table, sample: 'all', segments: 8, consistentRead: true, ...options });
}

/** A client whose credentials lack permission for some operations. */
class DeniedClient extends DynamoDbClient {
  readonly #denied: readonly string[];
  constructor(denied: readonly string[]) {
    super(client.site);
    this.#denied = denied;
  }
  override async call(operation: string, tableName: string, body: Buffer, signal?: AbortSignal): Promise<Buffer> {
    if (this.#denied.includes(operation))
      throw new DynaferryError('ACCESS_DENIED', `source: not allowed: dynamodb:${operation}`, {
        serviceCode: 'AccessDeniedException',
      });
    return super.call(operation, tableName, body, signal);
  }
}

describe('inspect', () => {
  test('a full scan sees every item, the definition, and every path', async () => {
    const catalog = await inspect();
    expect(catalog.coverage).toMatchObject({ kind: 'full', items: ITEMS, segments: 8, segmentsRead: 8 });
    expect(catalog.table).toMatchObject({
      name: table,
      key: { partition: { name: 'PK', type: 'S' }, sort: { name: 'SK', type: 'N' } },
      billing: { mode: 'on-demand' },
      stream: { enabled: true, view: 'KEYS_ONLY' },
      ttl: { enabled: false },
      encryption: { key: 'aws-owned' },
      deletionProtection: false,
    });
    expect(catalog.table.indexes).toMatchObject([
      { name: 'local', kind: 'local', projection: 'keys', sort: [{ name: 'country', type: 'S' }] },
      { name: 'by-country', kind: 'global', projection: 'some', projected: ['Email'] },
    ]);
    expect(catalog.paths.map((path) => [path.path, path.items, path.types])).toEqual([
      ['PK', ITEMS, { S: ITEMS }],
      ['SK', ITEMS, { N: ITEMS }],
      ['Email', ITEMS, { S: ITEMS }],
      ['amount', ITEMS, { S: ITEMS * 0.9, N: ITEMS * 0.1 }],
      ['country', ITEMS, { S: ITEMS }],
      ['email', ITEMS / 2, { NULL: ITEMS / 2 }],
      ['payload', 1, { B: 1 }],
      ['sessions', ITEMS, { M: ITEMS }],
      ['sessions.*', ITEMS, { M: ITEMS }],
      ['sessions.*.at', ITEMS, { N: ITEMS }],
    ]);
    expect(catalog.items.largest).toHaveLength(10);
    expect(catalog.items.sizeBytes.max).toBeGreaterThan(380 * 1024);
  });

  test('what matters to a migration is reported', async () => {
    const codes = (await inspect()).findings.map((finding) => `${finding.severity} ${finding.code}`);
    expect(codes).toEqual([
      'note STREAM_WITHOUT_IMAGES',
      'warning ITEMS_NEAR_LIMIT',
      'warning NAMES_DIFFER_BY_CASE',
      'warning MIXED_TYPES',
      // DynamoDB Local knows neither point-in-time recovery nor tags.
      'unknown SETTING_UNKNOWN',
      'unknown SETTING_UNKNOWN',
    ]);
  });

  test.each([1, 5, 8, 100, ITEMS - 1])('a sample of %i items has that many, spread over the segments', async (n) => {
    const { coverage, findings, capacity } = await inspect({ sample: n });
    expect(coverage).toMatchObject({ kind: 'sample', items: n, segmentsRead: Math.min(n, 8) });
    expect(findings.map((finding) => finding.code)).toContain('SAMPLED');
    expect(capacity).toMatchObject({ items: ITEMS, itemsFrom: 'described' });
  });

  test('a sample larger than the table is a full scan, and says so', async () => {
    const { coverage, findings } = await inspect({ sample: ITEMS * 10 });
    expect(coverage).toMatchObject({ kind: 'full', items: ITEMS });
    expect(findings.map((finding) => finding.code)).not.toContain('SAMPLED');
  });

  test('no value of any item is in the catalog, unless examples are asked for', async () => {
    expect(JSON.stringify(await inspect())).not.toMatch(/canary|China|10007/);
    const withExamples = await inspect({ examples: 2 });
    expect(withExamples.paths.find((path) => path.path === 'Email')?.examples).toEqual(['canary@example.com']);
    expect(withExamples.items.largest[0].key).toEqual({ PK: 'canary-user-7', SK: '7' });
  });

  test('reading costs about what the catalog says that it does, and the pacer hears of it', async () => {
    let balance = 0;
    const reserved: number[] = [];
    const catalog = await inspect({
      pace: {
        acquire: async (units) => void reserved.push(units),
        settle: (was, spent) => {
          expect(reserved.splice(reserved.indexOf(was), 1)).toEqual([was]);
          balance += spent;
        },
      },
    });
    expect(reserved).toEqual([]);
    expect(balance).toBe(catalog.coverage.readUnits);
    // Each of the 8 segments rounds its last page up.
    expect(catalog.coverage.readUnits - catalog.capacity.readUnitsConsistent).toBeGreaterThanOrEqual(-1);
    expect(catalog.coverage.readUnits - catalog.capacity.readUnitsConsistent).toBeLessThanOrEqual(8);
  });

  test('progress grows to the end', async () => {
    const seen: number[] = [];
    await inspect({ onProgress: ({ items }) => seen.push(items) });
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(seen.at(-1)).toBe(ITEMS);
  });

  test('a setting that may not be read is unknown; a finding names the action', async () => {
    const catalog = await inspect({ client: new DeniedClient(['DescribeTimeToLive']) });
    expect(catalog.table.ttl).toBe('unknown');
    expect(catalog.findings.find((finding) => finding.message.includes('TTL'))?.message).toContain(
      'dynamodb:DescribeTimeToLive',
    );
  });

  test('a scan that is not allowed ends it', async () => {
    await expect(inspect({ client: new DeniedClient(['Scan']) })).rejects.toMatchObject({ code: 'ACCESS_DENIED' });
  });

  test('a table that does not exist ends it', async () => {
    await expect(inspect({ table: 'no-such-table' })).rejects.toMatchObject({ code: 'TABLE_NOT_FOUND' });
  });

  test('an abort ends it', async () => {
    const stop = new AbortController();
    const running = inspect({ signal: stop.signal, onProgress: () => stop.abort() });
    await expect(running).rejects.toMatchObject({ name: 'AbortError' });
  });

  test.each([{ sample: 0 }, { segments: 0 }, { concurrency: 1.5 }, { examples: -1 }])('%o is refused', async (bad) => {
    await expect(inspect(bad)).rejects.toMatchObject({ code: 'USAGE' });
  });

  test('an empty table has a catalog too', async () => {
    const empty = await source.createTable();
    const catalog = await inspect({ table: empty, sample: 100 });
    expect(catalog.coverage).toMatchObject({ kind: 'full', items: 0 });
    expect(catalog.paths).toEqual([]);
    expect(catalog.items.sizeBytes).toEqual({ min: 0, mean: 0, max: 0 });
    expect(catalog.capacity).toMatchObject({ items: 0, readUnitsConsistent: 0, writeUnits: 0 });
  });
});
