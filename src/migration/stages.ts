import { ItemPutter, type PutCondition } from '../dynamodb/put-items.ts';
import { capacityOf, keySchemaOf, type TableDescription } from '../dynamodb/table.ts';
import type { Pacer } from '../engine/pacer.ts';
import { StageMeter } from '../engine/stage-context.ts';
import { DynaferryError } from '../model/errors.ts';
import type { StageName } from '../model/events.ts';
import { runExport } from '../stages/export/export-stage.ts';
import type { ItemSource } from '../stages/export/item-source.ts';
import { newestExport, openExport, type OpenedExport } from '../stages/export/open-export.ts';
import { segmentsFor, TableSource } from '../stages/export/table-source.ts';
import { runLoad } from '../stages/load/load-stage.ts';
import { reopenRefused } from '../stages/load/reopen-refused.ts';
import { carryHeader, runTransfer } from '../stages/transfer/transfer-stage.ts';
import { CommitSignal } from '../staging/commit-log.ts';
import { ExportLayout } from '../staging/layout.ts';
import { readHeader } from '../staging/header.ts';
import { writeLoadedMark } from '../staging/loaded-mark.ts';
import type { S3Bucket } from '../s3/bucket.ts';
import { changesWereApplied } from './hand-over.ts';
import { describeForTarget, ensureTargetTable, switchTtlOn } from './target-table.ts';
import type { Workspace } from './workspace.ts';

/** Scan requests under way at once. */
const SCAN_CONCURRENCY = 16;
/** Write requests under way at once, unless `load.concurrency` says otherwise. */
const LOAD_CONCURRENCY = 24;

/** Puts the stages of one migration together: each method runs one stage, from where it stands. */
export class Stages {
  readonly #workspace: Workspace;
  readonly #exportWake = new CommitSignal();
  readonly #transferWake = new CommitSignal();
  readonly #meters = new Map<StageName, StageMeter>();

  constructor(workspace: Workspace) {
    this.#workspace = workspace;
    workspace.onRetry = (stage, error) => {
      this.#meters.get(stage)?.add(error.retry === 'throttle' ? { throttles: 1 } : { retries: 1 });
    };
  }

  /** Finds or begins the export; writes its header. */
  async openExport(): Promise<OpenedExport> {
    const workspace = this.#workspace;
    const table = await workspace.sourceTable();
    const native = await workspace.nativeExport();
    const policy = await workspace.policy();
    const { input } = workspace.file.source;
    return openExport({
      bucket: await workspace.sourceBucket(),
      prefix: workspace.prefix('source'),
      ledger: workspace.ledger,
      header: {
        migration: workspace.file.name,
        policyHash: workspace.policyHash,
        policyEffectHash: policy.hash,
        source:
          'table' in input ? (table?.TableArn ?? input.table) : `s3://${input.export.bucket}/${input.export.prefix}`,
        keySchema: await workspace.keyAtTarget(),
        ...(native?.asOfMs !== undefined && { asOfMs: native.asOfMs }),
        totalSegments: native?.segments ?? workspace.file.export.segments ?? segmentsFor(table?.TableSizeBytes),
        ...(await describeForTarget(workspace)),
      },
      nowMs: Date.now(),
      signal: workspace.options.context.signal,
    });
  }

  /** What the export reads, and plan and verification too. `pageItemsMax` bounds the items of one page. */
  async itemSource(
    totalSegments: number,
    options: { pushDown?: boolean; pageItemsMax?: number } = {},
  ): Promise<ItemSource> {
    const workspace = this.#workspace;
    const native = await workspace.nativeExport();
    if (native !== undefined) return native;
    const table = await workspace.sourceTable();
    if (table === undefined) throw new DynaferryError('INTERNAL', 'a migration reads a table or an export');
    const policy = await workspace.policy();
    const pushDown = (options.pushDown ?? workspace.file.export.pushDown) ? policy.pushDown : undefined;
    const pacer = workspace.options.limits.read(workspace.file.limits, capacityOf(table).read);
    workspace.throttled('source', pacer);
    return new TableSource(
      await workspace.sourceDynamoDb(),
      {
        table: table.TableName,
        totalSegments,
        consistentRead: workspace.file.source.consistentRead,
        ...(pushDown && { filter: pushDown }),
      },
      pacer,
      table.ItemCount,
      options.pageItemsMax,
    );
  }

  async export(opened: OpenedExport): Promise<void> {
    const workspace = this.#workspace;
    const { context } = workspace.options;
    const before = workspace.ledger.totals().export;
    const source = await this.itemSource(opened.header.totalSegments);
    const meter = this.meter('export', {
      items: before.read,
      bytes: before.sourceBytes,
      objects: before.objects,
      filtered: before.filtered,
      deadLettered: before.deadLettered,
      ...(source.itemsEstimate !== undefined && source.itemsEstimate > 0 && { itemsTotal: source.itemsEstimate }),
    });
    await runExport({
      context,
      source,
      sourceKey: await workspace.sourceKey(),
      policy: await workspace.policy(),
      policyHash: workspace.policyHash,
      markedBy: workspace.file.replicate.conflict === 'managed' ? workspace.source.region : undefined,
      bucket: await workspace.sourceBucket(),
      ledger: workspace.ledger,
      opened,
      meter,
      compression: workspace.file.export.compression,
      objectSizeBytes: workspace.file.export.objectSizeBytes,
      concurrency: SCAN_CONCURRENCY,
      wake: this.#exportWake,
    });
  }

  /** Brings the export's header to the target, before a load of the same process begins. */
  async carryHeader(exportId: string): Promise<void> {
    await carryHeader(await this.#transferOptions(exportId));
  }

  /** `recheck` asks for every object again whether it is there. */
  async transfer(exportId: string, { recheck = false } = {}): Promise<void> {
    const workspace = this.#workspace;
    const before = workspace.ledger.totals().transfer;
    const meter = this.meter('transfer', { items: before.items, bytes: before.bytes, objects: before.objects });
    await runTransfer({
      ...(await this.#transferOptions(exportId)),
      ...workspace.link('transfer'),
      ledger: workspace.ledger,
      meter,
      bandwidth: workspace.options.limits.bandwidth,
      recheck,
      exportWake: this.#exportWake,
      wake: this.#transferWake,
    });
  }

  async load(exportId: string): Promise<void> {
    const workspace = this.#workspace;
    const { context } = workspace.options;
    const bucket = await workspace.targetBucket();
    const layout = ExportLayout.of(workspace.prefix('target'), exportId);
    const header = await readHeader(bucket, layout, context.signal);
    const { table, findings } = await ensureTargetTable(workspace, header);
    for (const { message, severity } of findings)
      context.onEvent({
        type: 'notice',
        migration: context.migration,
        stage: 'load',
        level: severity === 'note' ? 'info' : 'warning',
        message,
      });
    const wereApplied = await changesWereApplied(workspace, bucket, layout);
    if (!wereApplied) await reopenRefused(bucket, layout, workspace.ledger, context.signal);
    const { items, bytes, objects, deadLettered } = workspace.ledger.totals().load;
    const meter = this.meter('load', { items, bytes, objects, deadLettered });
    // What was refused is not loaded again once changes have come over it: it may be older than what they made.
    if (wereApplied) return meter.passed();
    const key = keySchemaOf(table);
    await runLoad({
      context,
      bucket,
      layout,
      policyHash: workspace.policyHash,
      policyIsEmpty: workspace.policyIsEmpty,
      ledger: workspace.ledger,
      meter,
      putter: new ItemPutter(await workspace.targetDynamoDb(), table.TableName, key, {
        onUnprocessed: () => meter.add({ throttles: 1 }),
      }),
      key,
      condition: this.#condition(),
      pacer: this.writePacer(table),
      concurrency: this.writeConcurrency,
      wake: this.#transferWake,
    });
    await writeLoadedMark(bucket, layout, context.signal);
    await switchTtlOn(workspace, header);
  }

  /** The export that a stage at one site goes on with: the ledger's, else the newest in that site's staging. */
  async findExport(site: 'source' | 'target'): Promise<string> {
    const workspace = this.#workspace;
    const known = workspace.ledger.fact('exportId');
    if (known !== undefined) return known;
    const bucket: S3Bucket = await (site === 'source' ? workspace.sourceBucket() : workspace.targetBucket());
    const prefix = workspace.prefix(site);
    const newest = await newestExport(bucket, prefix, workspace.options.context.signal);
    if (newest === undefined)
      throw new DynaferryError('EXPORT_NOT_FOUND', `${site}: there is no export below ${bucket.uri(prefix)}`);
    workspace.ledger.setFact('exportId', newest);
    return newest;
  }

  /** The meter of a stage, which counts what its clients meet. */
  meter(stage: StageName, start: ConstructorParameters<typeof StageMeter>[2]): StageMeter {
    const meter = new StageMeter(this.#workspace.options.context, stage, start);
    this.#meters.set(stage, meter);
    return meter;
  }

  #condition(): PutCondition | undefined {
    const { mode } = this.#workspace.file.load;
    if (mode.kind === 'overwrite') return undefined;
    return mode.kind === 'newer' ? { kind: 'if-newer', by: mode.by } : { kind: 'if-absent' };
  }

  /** Write requests to the target table under way at once. */
  get writeConcurrency(): number {
    return this.#workspace.file.load.concurrency ?? LOAD_CONCURRENCY;
  }

  /** Paces writes to the target table. */
  writePacer(table: TableDescription): Pacer {
    const { options, file } = this.#workspace;
    const pacer = options.limits.write(file.limits, capacityOf(table).write);
    this.#workspace.throttled('target', pacer);
    return pacer;
  }

  async #transferOptions(exportId: string): Promise<Parameters<typeof carryHeader>[0]> {
    const workspace = this.#workspace;
    return {
      context: workspace.options.context,
      source: await workspace.sourceBucket(),
      sourceLayout: ExportLayout.of(workspace.prefix('source'), exportId),
      target: await workspace.targetBucket(),
      targetLayout: ExportLayout.of(workspace.prefix('target'), exportId),
      policyHash: workspace.policyHash,
    };
  }
}
