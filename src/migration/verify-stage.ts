import { join } from 'node:path';
import { capacityOf, keySchemaOf } from '../dynamodb/table.ts';
import { StageMeter } from '../engine/stage-context.ts';
import { segmentsFor, TableSource } from '../stages/export/table-source.ts';
import { verify, type VerifyResult } from '../stages/verify/verify.ts';
import { ExportLayout } from '../staging/layout.ts';
import { Sealer } from '../staging/seal.ts';
import type { Stages } from './stages.ts';
import type { Workspace } from './workspace.ts';

const SCAN_CONCURRENCY = 8;

/** Compares policy(source) with the target, reading both. What it knows of differences lies in the state folder. */
export async function runVerify(workspace: Workspace, stages: Stages): Promise<VerifyResult> {
  const { options, file } = workspace;
  const { context } = options;
  const target = await workspace.targetTable();
  const keySchema = keySchemaOf(target);
  const policy = await workspace.policy();
  const sourceTable = await workspace.sourceTable();
  const sourceItems = await stages.itemSource(segmentsFor(sourceTable?.TableSizeBytes), 'verify');
  const pacer = options.limits.read(file.limits, capacityOf(target).read);
  const targetItems = new TableSource(
    await workspace.targetDynamoDb(),
    { table: target.TableName, totalSegments: segmentsFor(target.TableSizeBytes), consistentRead: true },
    pacer,
    target.ItemCount,
  );
  const sealer = await sealerOf(workspace);
  const itemsTotal = (sourceItems.itemsEstimate ?? 0) + (targetItems.itemsEstimate ?? 0);
  const meter = new StageMeter(context, 'verify', itemsTotal > 0 ? { itemsTotal } : {});
  meter.started(false);
  const seen = { source: 0, target: 0 };
  try {
    const result = await verify({
      subject: { policyHash: policy.hash, keySchema, ignore: [] },
      source: {
        items: sourceItems,
        of: sourceName(workspace),
        concurrency: SCAN_CONCURRENCY,
        sealer,
        policy,
        keySchema: await workspace.sourceKey(),
      },
      target: { items: targetItems, of: target.TableArn ?? target.TableName, concurrency: SCAN_CONCURRENCY, sealer },
      folder: join(workspace.stateFolder, 'verify'),
      nowMs: () => Date.now(),
      onProgress: ({ side, pass, items }) => {
        if (pass !== 'digests') return;
        meter.add({ items: items - seen[side] });
        seen[side] = items;
      },
      signal: context.signal,
    });
    const { equal, missing, extra, different } = result;
    workspace.ledger.setFact('verify', JSON.stringify({ equal, missing, extra, different, finishedMs: Date.now() }));
    meter.finished();
    return result;
  } catch (error) {
    meter.failed();
    throw error;
  }
}

function sourceName(workspace: Workspace): string {
  const { input, region } = workspace.file.source;
  return 'table' in input ? `${region}/${input.table}` : `s3://${input.export.bucket}/${input.export.prefix}`;
}

/** The export's sealing key; where there is no export, one for this process, so that a verification that is killed begins anew. */
async function sealerOf(workspace: Workspace): Promise<Sealer> {
  const exportId = workspace.ledger.fact('exportId');
  if (exportId === undefined) return new Sealer(Sealer.newKey());
  const bucket = await workspace.sourceBucket();
  const key = await bucket.find(
    ExportLayout.of(workspace.prefix('source'), exportId).sealKey,
    workspace.options.context.signal,
  );
  return new Sealer(key?.body.length === 32 ? key.body : Sealer.newKey());
}
