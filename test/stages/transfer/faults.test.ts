import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Site } from '../../../src/aws/site.ts';
import type { ClientOptions } from '../../../src/aws/signed-client.ts';
import { DynamoDbClient } from '../../../src/dynamodb/client.ts';
import { ItemPutter } from '../../../src/dynamodb/put-items.ts';
import { BufferBudget } from '../../../src/engine/buffer-budget.ts';
import { ConnectionGate } from '../../../src/engine/connection-gate.ts';
import { Ledger } from '../../../src/engine/ledger.ts';
import { Pacer } from '../../../src/engine/pacer.ts';
import { StageMeter } from '../../../src/engine/stage-context.ts';
import { S3Bucket } from '../../../src/s3/bucket.ts';
import { TableSource } from '../../../src/stages/export/table-source.ts';
import { runLoad } from '../../../src/stages/load/load-stage.ts';
import { runTransfer } from '../../../src/stages/transfer/transfer-stage.ts';
import { CommitSignal } from '../../../src/staging/commit-log.ts';
import { ExportLayout } from '../../../src/staging/layout.ts';
import { policyOf } from '../../policy/policy-of.ts';
import { siteAt } from '../../aws/site-at.ts';
import { FaultProxy } from '../../world/fault-proxy.ts';
import type { PlainFault } from '../../world/fault.ts';
import { readAllItems, writeItems } from '../../world/table.ts';
import { useWorld } from '../../world/use-world.ts';
import type { WorldSite } from '../../world/world-site.ts';
import { contextOf, exportOnce, key } from '../export/run-export.ts';

const world = await useWorld('dynamodb', 's3');

const faults = (...kinds: PlainFault[]): { fault: { kind: PlainFault }; probability: number }[] =>
  kinds.map((kind) => ({ fault: { kind }, probability: 0.04 }));

/** Short waits; the bounds themselves are tested elsewhere. */
const options: ClientOptions = { idleMsMax: 700, retry: { attemptsMax: 25, delayMsBase: 1, delayMsMax: 20 } };

function siteThrough({ name, region, credentials }: WorldSite, endpoint: string): Site {
  return siteAt(endpoint, { role: name, region, credentials: async () => credentials });
}

it('a table arrives whole through services that throttle, break, stall, truncate, corrupt, lie and answer in part', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'dynaferry-faults-'));
  const items = Array.from({ length: 1500 }, (_, i): Record<string, AttributeValue> => ({
    PK: { S: `k${i}` },
    country: { S: i % 3 === 0 ? 'France' : 'China' },
    n: { N: `${i}.0000000000000000000000000000000001` },
    text: { S: `${'中'.repeat(i % 200)}"\\` },
  }));
  const table = await world.source.createTable();
  const targetTable = await world.target.createTable();
  await writeItems(world.source.dynamodb, table, items);
  await using scans = await FaultProxy.start({
    upstream: world.source.endpoints.dynamodb,
    rules: faults('throttle', 'server-error', 'reset-before', 'reset-after', 'truncate', 'stall', 'corrupt'),
    seed: 1,
  });
  await using writes = await FaultProxy.start({
    upstream: world.target.endpoints.dynamodb,
    rules: [
      { fault: { kind: 'partial-batch' }, operations: ['BatchWriteItem'], probability: 0.2 },
      ...faults('throttle', 'server-error', 'reset-before', 'reset-after', 'truncate', 'stall'),
    ],
    seed: 2,
  });
  // A corrupt body of ours is found by its checksum; of a listing or a commit S3 gives none.
  const s3Rules = [
    { fault: { kind: 'corrupt' as const }, path: /\/data\/.*zst$/, operations: ['GetObject'], at: [1, 3] },
    ...faults('throttle', 'server-error', 'reset-before', 'reset-after', 'truncate', 'stall'),
  ];
  await using sourceS3 = await FaultProxy.start({ upstream: world.source.endpoints.s3, rules: s3Rules, seed: 3 });
  await using targetS3 = await FaultProxy.start({ upstream: world.target.endpoints.s3, rules: s3Rules, seed: 4 });

  const policy = await policyOf({ filter: "country = 'China'" });
  const source = new S3Bucket(siteThrough(world.source, sourceS3.endpoint), await world.source.createBucket(), options);
  const target = new S3Bucket(siteThrough(world.target, targetS3.endpoint), await world.target.createBucket(), options);
  const reader = new DynamoDbClient(siteThrough(world.source, scans.endpoint), options);
  const writer = new DynamoDbClient(siteThrough(world.target, writes.endpoint), options);
  const context = contextOf();
  try {
    const scan = { table, totalSegments: 8, consistentRead: false };
    const sourceLayout = await exportOnce({
      bucket: source,
      folder,
      source: new TableSource(reader, scan, new Pacer(Infinity), undefined, 40),
      policy,
      objectSizeBytes: 2000,
    });
    const targetLayout = ExportLayout.of('q/', sourceLayout.exportId);
    const ledger = Ledger.open(folder);
    const common = { context, policyHash: policy.hash, ledger, wake: new CommitSignal() };
    await runTransfer({
      ...common,
      source,
      sourceLayout,
      target,
      targetLayout,
      meter: new StageMeter(context, 'transfer'),
      bandwidth: new Pacer(Infinity),
      gate: new ConnectionGate({ min: 4, max: 4 }),
      memory: new BufferBudget(1e6),
      recheck: false,
      exportWake: new CommitSignal(),
    });
    await runLoad({
      ...common,
      bucket: target,
      layout: targetLayout,
      policyIsEmpty: false,
      meter: new StageMeter(context, 'load'),
      putter: new ItemPutter(writer, targetTable, key, { random: () => 0 }),
      key,
      condition: undefined,
      pacer: new Pacer(Infinity),
      concurrency: 4,
    });
    const totals = ledger.totals();
    ledger.close();
    expect(totals.export).toMatchObject({ read: 1500, filtered: 500, items: 1000, deadLettered: 0 });
    expect(totals.transfer.items).toBe(1000);
    expect(totals.load).toMatchObject({ written: 1000, skipped: 0, deadLettered: 0 });
    const expected = await readAllItems(world.source.dynamodb, table);
    for (const [pk, json] of expected) if (json.includes('France')) expected.delete(pk);
    expect(await readAllItems(world.target.dynamodb, targetTable)).toEqual(expected);
    for (const proxy of [scans, writes, sourceS3, targetS3]) expect(proxy.plan.injected()).toBeGreaterThan(3);
    expect(writes.plan.injected('partial-batch')).toBeGreaterThan(2);
    expect(sourceS3.plan.injected('corrupt') + targetS3.plan.injected('corrupt')).toBeGreaterThan(0);
  } finally {
    await Promise.all([source.close(), target.close(), reader.close(), writer.close()]);
    rmSync(folder, { recursive: true });
  }
});
