import { expect, test } from 'vitest';
import type { ProgressEvent } from '../../../src/model/events.ts';
import type { S3Bucket } from '../../../src/s3/bucket.ts';
import { parseXml } from '../../../src/s3/xml.ts';
import { CopyMeter } from '../../../src/stages/transfer/copy-meter.ts';
import { deleteExtra, tellOfExtra } from '../../../src/stages/transfer/extra-objects.ts';
import { MemoryBucket, memoryLink } from './memory-link.ts';

test('objects that the target keeps are told of, and counted as neither deleted nor failed', async () => {
  const events: ProgressEvent[] = [];
  const meter = new CopyMeter(
    'c',
    () => undefined,
    () => 0,
  );
  meter.add({ listed: 1, extra: 3 });
  const answer = parseXml(
    Buffer.from('<DeleteResult><Error><Key>b</Key><Code>AccessDenied</Code></Error></DeleteResult>'),
    'DeleteResult',
  );
  const target = { xml: async () => answer } as unknown as S3Bucket;
  await deleteExtra({
    copy: 'c',
    link: { ...memoryLink(new MemoryBucket(), new MemoryBucket()), target },
    prefixes: [{ source: 's/', target: '' }],
    emptied: [],
    records: {
      addFailed: () => undefined,
      failedBefore: () => [],
      addExtra: () => undefined,
      extra: () => [['a', 'b', 'c']],
    },
    meter,
    onEvent: (event) => events.push(event),
  });
  expect(meter.counts).toMatchObject({ deleted: 2, failed: 0 });
  expect(events).toEqual([
    expect.objectContaining({
      type: 'notice',
      level: 'warning',
      message: 'the target keeps 1 object that is to be deleted (AccessDenied)',
    }),
  ]);
});

test('what a dry run would delete is told of without a size: only its key is kept', async () => {
  const events: ProgressEvent[] = [];
  await tellOfExtra({
    copy: 'c',
    link: memoryLink(new MemoryBucket(), new MemoryBucket()),
    prefixes: [{ source: 's/', target: '' }],
    records: {
      addFailed: () => undefined,
      failedBefore: () => [],
      addExtra: () => undefined,
      extra: () => [['a']],
    },
    meter: new CopyMeter(
      'c',
      () => undefined,
      () => 0,
    ),
    onEvent: (event) => events.push(event),
  });
  expect(events).toEqual([{ type: 'copy-object', copy: 'c', key: 'a', action: 'delete', reason: 'extra' }]);
});
