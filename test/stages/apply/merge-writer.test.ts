import { gunzipSync } from 'node:zlib';
import { beforeEach, describe, expect, it } from 'vitest';
import { AttributeMerge } from '../../../src/conflict/attribute-merge.ts';
import { DynaferryError } from '../../../src/model/errors.ts';
import { systemClock } from '../../../src/engine/pacer.ts';
import { MalformedJson } from '../../../src/model/json-bytes.ts';
import { ChangeFold } from '../../../src/stages/apply/change-fold.ts';
import { DeadLetters } from '../../../src/stages/apply/dead-letters.ts';
import { Lease } from '../../../src/stages/apply/lease.ts';
import { MergeWriter } from '../../../src/stages/apply/merge-writer.ts';
import { retryDeadLetters } from '../../../src/stages/apply/retry-dead-letters.ts';
import { MemoryTable } from '../../conflict/memory-table.ts';
import { MemoryTombstones } from '../../conflict/memory-tombstones.ts';
import { MemoryBucket } from '../../staging/memory-bucket.ts';
import { key } from '../export/run-export.ts';
import { layout } from './written-changes.ts';

const quiet = new AbortController().signal;
const lease = new Lease(systemClock);
lease.renew(lease.now());

let table: MemoryTable;
let bucket: MemoryBucket;
/** Keys that the table takes no items of. */
let refused: Set<string>;
beforeEach(() => {
  table = new MemoryTable({ version: 'v', origin: 'o' });
  bucket = new MemoryBucket('staging', 'target');
  refused = new Set();
  const put = table.put.bind(table);
  table.put = async (item, conditions) => {
    const pk = /"PK":\{"S":"(\w+)"/.exec(item.bytes.toString('utf8', item.start, item.end))?.[1] ?? '';
    if (refused.has(pk))
      throw new DynaferryError('REQUEST_REFUSED', 'no', {
        serviceCode: 'ValidationException',
        serviceMessage: `not ${pk}`,
      });
    return put(item, conditions);
  };
});

function line(pk: string, version: number, deletes = false): string {
  const image = { PK: { S: pk }, v: { N: String(version) }, o: { S: 'us' } };
  return JSON.stringify({
    Metadata: { WriteTimestampMicros: { N: '1' } },
    Stamp: { v: { N: String(version) }, o: { S: 'us' } },
    Keys: { PK: { S: pk } },
    ...(!deletes && { NewImage: image }),
  });
}

function foldOf(...lines: string[]): ChangeFold {
  const fold = new ChangeFold(key, { isStamped: true });
  for (const text of lines) fold.add(Buffer.from(text), 0, Buffer.byteLength(text));
  return fold;
}

const contents = (): Record<string, string | undefined> =>
  Object.fromEntries([...table.items].map(([pk, item]) => [pk, item['v']?.N]));

async function writerWith(): Promise<{ writer: MergeWriter; letters: DeadLetters }> {
  const letters = await DeadLetters.open(bucket, layout, quiet);
  const merge = new AttributeMerge(table, new MemoryTombstones());
  return { letters, writer: new MergeWriter({ merge, key, letters, concurrency: 2 }) };
}

describe('changes with stamps', () => {
  it('are folded to the greatest of each key, wherever it stands', () => {
    const fold = foldOf(line('a', 2), line('a', 3), line('a', 1), line('b', 5), line('b', 5, true), line('b', 5));
    expect(fold.lines).toBe(6);
    expect([...fold.changes].map(({ stamp, deletes = false }) => [stamp?.version, deletes])).toEqual([
      ['3', false],
      ['5', true],
    ]);
  });

  it('without one are none', () => {
    const text = '{"Metadata":{"WriteTimestampMicros":{"N":"1"}},"Keys":{"PK":{"S":"a"}}}';
    expect(() => foldOf(text)).toThrow(MalformedJson);
  });

  it('are written unless the table has a greater one, and counted so', async () => {
    const { writer } = await writerWith();
    expect(await writer.write(foldOf(line('a', 2), line('b', 2), line('c', 4)).changes, quiet)).toEqual({
      puts: 3,
      deletes: 0,
    });
    const next = foldOf(line('a', 1), line('b', 3, true), line('c', 3, true), line('d', 1));
    expect(await writer.write(next.changes, quiet)).toEqual({ puts: 1, deletes: 1 });
    expect(contents()).toEqual({ a: '2', c: '4', d: '1' });
    expect(await writer.write(foldOf(line('b', 2)).changes, quiet)).toEqual({ puts: 0, deletes: 0 });
    expect(contents()).toEqual({ a: '2', c: '4', d: '1' });
  });

  it('that DynamoDB refuses keep their stamp, and are tried again under it', async () => {
    refused = new Set(['a', 'b', 'c']);
    const { writer, letters } = await writerWith();
    expect(await writer.write(foldOf(line('a', 2), line('b', 2), line('c', 2), line('d', 1)).changes, quiet)).toEqual({
      puts: 1,
      deletes: 0,
    });
    expect(letters.size).toBe(3);
    const [letter] = [...bucket.objects.values()].map(({ body }) => JSON.parse(gunzipSync(body).toString()) as object);
    expect(letter).toMatchObject({
      Stamp: { v: { N: '2' }, o: { S: 'us' } },
      code: 'ValidationException',
      reason: expect.stringMatching(/^not /) as string,
    });
    refused = new Set(['c']);
    // Meanwhile the application has written a newer one.
    table.write('a', { PK: { S: 'a' }, v: { N: '7' }, o: { S: 'cn' } });
    const again = await writerWith();
    expect(await retryDeadLetters(again.letters, again.writer, lease, quiet)).toEqual({ puts: 2, deletes: 0 });
    expect(contents()).toEqual({ a: '7', b: '2', d: '1' });
    expect(again.letters.size).toBe(1);
  });
});
