import { isDeepStrictEqual } from 'node:util';
import { ItemPutter } from '../dynamodb/put-items.ts';
import { keySchemaOf } from '../dynamodb/table.ts';
import { DynaferryError } from '../model/errors.ts';
import type { KeySchema } from '../model/key.ts';
import { runApply } from '../stages/apply/apply-stage.ts';
import {
  carryChangeHeader,
  runChangeTransfer,
  type ChangeTransferOptions,
} from '../stages/transfer/change-transfer.ts';
import {
  changeLayout,
  conflictText,
  findCapture,
  OTHER_POLICY,
  readChangeHeader,
  type ChangeHeader,
} from '../staging/change-log.ts';
import { CommitSignal } from '../staging/commit-log.ts';
import type { ExportLayout } from '../staging/layout.ts';
import type { CaptureStages } from './capture-stages.ts';
import { conflictMerge } from './conflict.ts';
import { untilLoaded } from './hand-over.ts';
import { whileNewest } from './newest-log.ts';
import type { Stages } from './stages.ts';
import type { Workspace } from './workspace.ts';

export interface ApplySettings {
  /** Whether to go on when all that has arrived is applied. */
  endless: boolean;
  /** Whether to begin with what was set aside before. */
  retryDeadLetters: boolean;
  /** Whether to apply changes although no export was loaded before. */
  withoutLoad: boolean;
}

/** Puts the stages of changes of one migration together: each method runs one stage, from where it stands. */
export class ChangeStages {
  readonly #workspace: Workspace;
  readonly #stages: Stages;
  readonly #captures: CaptureStages;
  readonly #transferWake = new CommitSignal();

  constructor(workspace: Workspace, stages: Stages, captures: CaptureStages) {
    this.#workspace = workspace;
    this.#stages = stages;
    this.#captures = captures;
  }

  /** Brings what the change log is of to the target, before an apply of the same process begins. */
  async carryHeader(): Promise<void> {
    await carryChangeHeader({ ...(await this.#ways()), ...this.#workspace.link('transfer-changes') });
  }

  /** Carries changes from staging to staging. */
  async transfer({ endless }: { endless: boolean }): Promise<void> {
    const workspace = this.#workspace;
    const ways = await this.#ways();
    const { changes, bytes, objects } = workspace.changeLedger.totals().transferred;
    const link = workspace.link('transfer-changes');
    const options = {
      ...ways,
      ...link,
      ledger: workspace.changeLedger,
      meter: this.#stages.meter('transfer-changes', { items: changes, bytes, objects }),
      bandwidth: workspace.options.limits.bandwidth,
      endless,
      removesApplied: workspace.file.replicate.applied === 'remove',
      captureWake: this.#captures.wake,
      wake: this.#transferWake,
    };
    const log = { bucket: link.source, prefix: workspace.prefix('source'), captureId: ways.sourceLayout.exportId };
    await whileNewest(ways.context, log, (context) => runChangeTransfer({ ...options, context }));
  }

  /** Applies changes to the target table, once the load that they follow has come to its end. */
  async apply({ endless, retryDeadLetters, withoutLoad }: ApplySettings): Promise<void> {
    const workspace = this.#workspace;
    const { context } = workspace.options;
    const captureId = await this.#findCapture('target');
    const bucket = await workspace.applyBucket();
    const layout = changeLayout(workspace.prefix('target'), captureId);
    const header = await this.#header(layout);
    if (!withoutLoad) await untilLoaded(workspace, layout, header, endless);
    const table = await workspace.targetTable();
    const key = keySchemaOf(table);
    checkKey(table.TableName, key, header);
    const meter = this.#stages.meter('apply', {});
    const pacer = this.#stages.writePacer(table);
    const options = {
      bucket,
      layout,
      policyHash: workspace.policyHash,
      ledger: workspace.changeLedger,
      meter,
      putter: new ItemPutter(await workspace.applyDynamoDb(), table.TableName, key, {
        onUnprocessed: () => meter.add({ throttles: 1 }),
      }),
      merge: await conflictMerge(workspace, 'target', table, pacer),
      key,
      pacer,
      concurrency: this.#stages.writeConcurrency,
      wake: this.#transferWake,
      endless,
      retryDeadLetters,
      removesApplied: workspace.file.replicate.applied === 'remove',
    };
    const log = { bucket, prefix: workspace.prefix('target'), captureId };
    await whileNewest(context, log, (within) => runApply({ ...options, context: within }));
  }

  async #ways(): Promise<Pick<ChangeTransferOptions, 'context' | 'sourceLayout' | 'targetLayout' | 'policyHash'>> {
    const workspace = this.#workspace;
    const captureId = await this.#findCapture('source');
    return {
      context: workspace.options.context,
      sourceLayout: changeLayout(workspace.prefix('source'), captureId),
      targetLayout: changeLayout(workspace.prefix('target'), captureId),
      policyHash: workspace.policyHash,
    };
  }

  /**
   * The newest change log in a site's staging. What this machine knows of an older one is forgotten: the newer began because that could not be gone on with.
   */
  async #findCapture(site: 'source' | 'target'): Promise<string> {
    const workspace = this.#workspace;
    const { changeLedger } = workspace;
    const bucket = await (site === 'source' ? workspace.sourceBucket() : workspace.targetBucket());
    const prefix = workspace.prefix(site);
    const found = await findCapture(bucket, prefix, workspace.options.context.signal);
    const known = changeLedger.fact('captureId');
    // Ids are in the order of time. One that this machine has captured and that has not been carried yet is newer than all at the target.
    if (found === undefined || (known !== undefined && known > found))
      throw new DynaferryError('EXPORT_NOT_FOUND', `${site}: there are no changes below ${bucket.uri(prefix)} yet`, {
        fix: 'Run `dynaferry capture` at the source and `dynaferry transfer --changes` first, or `dynaferry replicate` for all of it.',
      });
    changeLedger.follow(found);
    return found;
  }

  async #header(layout: ExportLayout): Promise<ChangeHeader> {
    const workspace = this.#workspace;
    const bucket = await workspace.targetBucket();
    const header = await readChangeHeader(bucket, layout, workspace.options.context.signal);
    if (header === undefined)
      throw new DynaferryError('INTERNAL', `the header of the changes in ${bucket.uri(layout.root)} is gone`);
    if (header.policyHash !== workspace.policyHash)
      throw new DynaferryError(
        'POLICY_MISMATCH',
        `the changes in ${bucket.uri(layout.root)} were captured under another policy than the one in migration.yaml`,
        { fix: OTHER_POLICY },
      );
    const { conflict } = workspace.file.replicate;
    if (!isDeepStrictEqual(header.conflict, conflict))
      throw new DynaferryError(
        'POLICY_MISMATCH',
        `the changes in ${bucket.uri(layout.root)} were captured with replicate.conflict: ${conflictText(header.conflict)}, and migration.yaml has ${conflictText(conflict)}`,
        { fix: 'Give migration.yaml the same replicate.conflict at both ends.' },
      );
    return header;
  }
}

function checkKey(table: string, key: KeySchema, header: ChangeHeader): void {
  if (JSON.stringify(key) === JSON.stringify(header.keySchema)) return;
  throw new DynaferryError(
    'KEY_SCHEMA_MISMATCH',
    `target: the key of table ${table} is another one than that of the changes after the policy`,
  );
}
