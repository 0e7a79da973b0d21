import { join } from 'node:path';
import { MARK } from '../conflict/mark.ts';
import { capacityOf, keySchemaOf, type TableDescription } from '../dynamodb/table.ts';
import { StageMeter } from '../engine/stage-context.ts';
import { systemClock, type Pacer } from '../engine/pacer.ts';
import { isLocked, lockHolder } from '../engine/lock.ts';
import { DynaferryError } from '../model/errors.ts';
import { filterAtTarget } from '../policy/target-filter.ts';
import { segmentsFor, TableSource } from '../stages/export/table-source.ts';
import { TableLookup } from '../stages/verify/item-lookup.ts';
import { sourceKeysOf } from '../stages/verify/key-mapping.ts';
import type { RecheckSettings } from '../stages/verify/recheck.ts';
import type { SettleSettings } from '../stages/verify/settle.ts';
import type { SideName, SideSettings, Subject } from '../stages/verify/side.ts';
import type { TargetFilter } from '../stages/verify/side-reader.ts';
import { verify, type VerifyProgress } from '../stages/verify/verify.ts';
import type { VerifyResult } from '../stages/verify/verify-result.ts';
import { VerifyFiles } from '../stages/verify/verify-files.ts';
import { ExportLayout } from '../staging/layout.ts';
import { Sealer } from '../staging/seal.ts';
import type { MigrationFile } from './file/migration-file.ts';
import { notCompared } from './conflict.ts';
import type { Stages } from './stages.ts';
import type { Workspace } from './workspace.ts';

const SCAN_CONCURRENCY = 8;
/** Differences that are looked at a second time; what is beyond them is reported as the scans found it. */
const RECHECK_ITEMS_MAX = 10_000;

/** Reads one side's items for verification. */
export type VerifySide<Side extends SideName> = Side extends 'target'
  ? SideSettings & { filter?: TargetFilter }
  : SideSettings;

/** How long a difference between two tables that are kept in step may last, unless told. */
const SETTLE_MS = 60_000;

/** How long a difference may last where nothing is said of it: tables of a migration that replicates are written to. */
export function defaultSettleMs({ source, replicate }: MigrationFile): number {
  return replicate.isGiven && 'table' in source.input ? SETTLE_MS : 0;
}

/** Throws USAGE where nothing is looked at twice, so that nothing can settle. */
export function checkSettles({ source }: MigrationFile, site: SideName | undefined): void {
  if (site !== undefined)
    throw new DynaferryError('USAGE', 'verification of one site looks at no item twice, so nothing can settle', {
      fix: 'Leave --settle out, or --site.',
    });
  if ('export' in source.input)
    throw new DynaferryError(
      'USAGE',
      'the source of this migration is an export, which does not change: nothing can settle',
      {
        fix: 'Leave --settle out.',
      },
    );
}

/**
 * Compares policy(source) with the target, reading both. What it knows of differences lies in the state folder. Where `settleMs` is more than 0, differences are looked at
 * until they settle or have lasted so long.
 */
export async function runVerify(workspace: Workspace, stages: Stages, settleMs: number): Promise<VerifyResult> {
  const policy = await workspace.policy();
  const target = await workspace.targetTable();
  const subject: Subject = {
    policyHash: workspace.policyHash,
    keySchema: keySchemaOf(target),
    ignore: notCompared(workspace, policy),
  };
  const sourceKey = await workspace.sourceKey();
  const source = await sourceSide(workspace, stages);
  const targetAt = await targetSide(workspace, target, await sealerOf(workspace, 'source'));
  const recheck = await recheckSettings(workspace, target, settleMs);
  return metered(workspace, itemsToRead(workspace, source, targetAt), async (onProgress) => {
    const result = await verify({
      subject,
      source: { ...source, policy, keySchema: sourceKey },
      target: targetAt,
      folder: verifyFolder(workspace),
      ...(recheck && { recheck }),
      nowMs: () => Date.now(),
      onProgress,
      signal: workspace.options.context.signal,
    });
    record(workspace, result, subject);
    return result;
  });
}

/** Items that there are to read at both sides; 0 where that is not known. What was moved says more than DynamoDB's counts, which are hours old. */
function itemsToRead({ ledger }: Workspace, source: SideSettings, target: SideSettings): number {
  const { export: exported, load } = ledger.totals();
  const atSource = Math.max(exported.read, source.items.itemsEstimate ?? 0);
  const atTarget = Math.max(load.written + load.skipped, target.items.itemsEstimate ?? 0);
  return atSource === 0 || atTarget === 0 ? 0 : atSource + atTarget;
}

/** Forgets what a verification that was cut off had read: the target is about to be written. One that another process runs just now looks after its own. */
export function forgetVerification(workspace: Workspace): void {
  const { stateFolder } = workspace;
  if (isLocked(stateFolder, 'verify') && lockHolder(stateFolder, 'verify')?.pid !== process.pid) return;
  new VerifyFiles(verifyFolder(workspace)).discardProgress();
}

export function verifyFolder(workspace: Workspace): string {
  return join(workspace.stateFolder, 'verify');
}

/** How the source is read. */
export async function sourceSide(workspace: Workspace, stages: Stages): Promise<SideSettings> {
  const table = await workspace.sourceTable();
  const { input, region } = workspace.file.source;
  return {
    items: await stages.itemSource(segmentsFor(table?.TableSizeBytes)),
    of:
      'table' in input
        ? (table?.TableArn ?? `${region}/${input.table}`)
        : `s3://${input.export.bucket}/${input.export.prefix}`,
    concurrency: SCAN_CONCURRENCY,
    sealer: await sealerOf(workspace, 'source'),
  };
}

/** How the target is read: consistently, since it was just written. */
export async function targetSide(
  workspace: Workspace,
  table: TableDescription,
  sealer: Sealer,
): Promise<VerifySide<'target'>> {
  const scan = { table: table.TableName, totalSegments: segmentsFor(table.TableSizeBytes), consistentRead: true };
  const filter = filterAtTarget(workspace.file.policy);
  const pacer = readPacer(workspace, table);
  workspace.throttled('target', pacer);
  return {
    items: new TableSource(await workspace.targetDynamoDb(), scan, pacer, table.ItemCount),
    of: table.TableArn ?? table.TableName,
    concurrency: SCAN_CONCURRENCY,
    sealer,
    ...(filter && { filter }),
  };
}

/** Reports progress of the stage `verify` while `work` runs. */
export async function metered<T>(
  workspace: Workspace,
  itemsTotal: number,
  work: (onProgress: (progress: VerifyProgress) => void) => Promise<T>,
): Promise<T> {
  const meter = new StageMeter(workspace.options.context, 'verify', itemsTotal > 0 ? { itemsTotal } : {});
  const seen = { source: 0, target: 0 };
  let readsAgain = false;
  meter.started(false);
  try {
    const result = await work(({ side, pass, items }) => {
      // The second pass reads the same items again, to find those that differ.
      if (pass !== 'digests') {
        if (!readsAgain) tell(workspace, 'info', 'there are differences; reading again to find the items');
        readsAgain = true;
        return;
      }
      meter.add({ items: items - seen[side] });
      seen[side] = items;
    });
    meter.finished();
    return result;
  } catch (error) {
    meter.failed();
    throw error;
  }
}

/** Puts the result into the ledger and says what its four counts do not. */
export function record(workspace: Workspace, result: VerifyResult, { ignore }: Pick<Subject, 'ignore'>): void {
  const { equal, missing, extra, different, failsPolicy, settled, changing, refusedAtSource } = result;
  const refused = refusedAtSource > 0 ? { refused: refusedAtSource } : {};
  const counts = { equal, missing, extra, different, ...refused };
  workspace.ledger.setFact('verify', JSON.stringify({ ...counts, finishedMs: Date.now() }));
  const warn = (message: string): void => {
    tell(workspace, 'warning', message);
  };
  if (failsPolicy !== undefined && failsPolicy > 0) warn(`${failsPolicy} items at the target fail the policy's filter`);
  if (settled > 0) warn(`${settled} differences were gone at a later look: a table is being written`);
  if (changing > 0) warn(`${changing} items were changed at both sides at every look: nothing can be told of them`);
  const byRule = ignore.filter((name) => name !== MARK);
  if (byRule.length > 0) warn(`not compared, since their rules are not deterministic: ${byRule.join(', ')}`);
}

function tell({ options: { context } }: Workspace, level: 'info' | 'warning', message: string): void {
  context.onEvent({ type: 'notice', migration: context.migration, stage: 'verify', level, message });
}

async function recheckSettings(
  workspace: Workspace,
  target: TableDescription,
  settleMs: number,
): Promise<RecheckSettings | undefined> {
  const source = await workspace.sourceTable();
  // An export does not change.
  if (source === undefined) return undefined;
  return {
    source: new TableLookup(await workspace.sourceDynamoDb(), source.TableName, readPacer(workspace, source)),
    target: new TableLookup(await workspace.targetDynamoDb(), target.TableName, readPacer(workspace, target)),
    itemsMax: RECHECK_ITEMS_MAX,
    ...(settleMs > 0 && { settle: settleSettings(workspace, settleMs) }),
    sourceKeyOf: sourceKeysOf(await workspace.policy(), await workspace.sourceKey()),
  };
}

function settleSettings(workspace: Workspace, ms: number): SettleSettings {
  let isTold = false;
  const onRound = (waiting: number): void => {
    if (!isTold) tell(workspace, 'info', `${waiting} items differ; looking at them again until they settle`);
    isTold = true;
  };
  return { ms, clock: workspace.options.context.clock ?? systemClock, random: Math.random, onRound };
}

function readPacer(workspace: Workspace, table: TableDescription): Pacer {
  return workspace.options.limits.read(workspace.file.limits, capacityOf(table).read);
}

/** The export's sealing key; where there is none at this site, one for this process, so that a verification that is killed begins anew. */
export async function sealerOf(workspace: Workspace, site: SideName): Promise<Sealer> {
  const exportId = workspace.ledger.fact('exportId');
  if (exportId === undefined || site === 'target') return new Sealer(Sealer.newKey());
  const bucket = await workspace.sourceBucket();
  const { sealKey } = ExportLayout.of(workspace.prefix('source'), exportId);
  const key = await bucket.find(sealKey, workspace.options.context.signal);
  return new Sealer(key?.body.length === 32 ? key.body : Sealer.newKey());
}
