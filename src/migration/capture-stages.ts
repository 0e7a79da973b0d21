import { untilStreamIsOn } from '../dynamodb/table-stream.ts';
import type { StageMeter } from '../engine/stage-context.ts';
import { runCapture } from '../stages/capture/capture-stage.ts';
import { runIncrementalCapture } from '../stages/capture/incremental-capture.ts';
import type { IncrementalExport } from '../stages/capture/incremental-exports.ts';
import { openCapture, type OpenedCapture } from '../stages/capture/open-capture.ts';
import { findCapture, type ChangeHeader } from '../staging/change-log.ts';
import { CommitSignal } from '../staging/commit-log.ts';
import { captureConflicts, checkConflict } from './conflict.ts';
import { whileNewest } from './newest-log.ts';
import { refuseErrors } from './preflight.ts';
import { sourceStream } from './source-stream.ts';
import type { Stages } from './stages.ts';
import type { Workspace } from './workspace.ts';

/** Captures changes of one migration, from the table's stream or from incremental exports. */
export class CaptureStages {
  readonly #workspace: Workspace;
  readonly #stages: Stages;
  /** Woken when a capture in this process has made a commit. */
  readonly wake = new CommitSignal();

  constructor(workspace: Workspace, stages: Stages) {
    this.#workspace = workspace;
    this.#stages = stages;
  }

  /**
   * Finds or begins the change log, and sees to it that the table has a stream: from then on no change is missed. Throws where the policy leaves no keys by
   * which changes could be told apart at the target.
   */
  async openStream({ restart }: { restart: boolean }): Promise<OpenedCapture> {
    const captureId = restart ? undefined : await this.#knownCapture();
    const workspace = this.#workspace;
    const source = await sourceStream(workspace, { begun: captureId !== undefined });
    if (captureId === undefined)
      await untilStreamIsOn(await workspace.sourceStreams(), source, workspace.options.context.signal);
    return this.#openLog(captureId, { source });
  }

  /** The same for incremental exports, which begin a change log of their own. */
  async openExports(
    [{ tableArn, fromMs }]: readonly IncrementalExport[],
    { restart }: { restart: boolean },
  ): Promise<OpenedCapture> {
    const captureId = restart ? undefined : await this.#knownCapture();
    return this.#openLog(captureId, { source: tableArn, isOfExports: true, startedMs: fromMs });
  }

  /** Takes incremental exports into the change log. */
  async exports(opened: OpenedCapture, exports: readonly IncrementalExport[]): Promise<void> {
    const workspace = this.#workspace;
    await runIncrementalCapture({
      context: workspace.options.context,
      exports,
      policy: await workspace.policy(),
      policyHash: workspace.policyHash,
      settings: workspace.file.replicate,
      bucket: await workspace.captureBucket(),
      ledger: workspace.changeLedger,
      opened,
      meter: this.#captureMeter(),
      compression: workspace.file.export.compression,
    });
  }

  /** Reads the table's stream into the change log, until all changes that were made before `untilMs` are in it; without end where that is absent. */
  async stream(opened: OpenedCapture, untilMs?: number): Promise<void> {
    const workspace = this.#workspace;
    const { changeLedger: ledger, file } = workspace;
    const bucket = await workspace.captureBucket();
    const options = {
      client: await workspace.sourceStreams(),
      policy: await workspace.policy(),
      policyHash: workspace.policyHash,
      settings: file.replicate,
      conflicts: await captureConflicts(workspace),
      bucket,
      ledger,
      opened,
      meter: this.#captureMeter(),
      compression: file.export.compression,
      wake: this.wake,
      untilMs,
    };
    const log = { bucket, prefix: workspace.prefix('source'), captureId: opened.layout.exportId };
    await whileNewest(workspace.options.context, log, (context) => runCapture({ ...options, context }));
  }

  /** The change log to go on with; undefined where none was begun. Ids are in the order of time: another machine may have begun anew since this one captured. */
  async #knownCapture(): Promise<string | undefined> {
    const { changeLedger, options } = this.#workspace;
    const prefix = this.#workspace.prefix('source');
    const found = await findCapture(await this.#workspace.captureBucket(), prefix, options.context.signal);
    const known = changeLedger.fact('captureId');
    return found === undefined || (known !== undefined && known > found) ? known : found;
  }

  /** Goes on with a change log, or begins one. */
  async #openLog(
    captureId: string | undefined,
    { startedMs, ...of }: Pick<ChangeHeader, 'source' | 'isOfExports'> & { startedMs?: number },
  ): Promise<OpenedCapture> {
    const workspace = this.#workspace;
    const policy = await workspace.policy();
    const keySchema = await workspace.keyAtTarget();
    refuseErrors([...policy.checkKeys(await workspace.sourceKey(), keySchema), ...checkConflict(workspace, policy)]);
    const { migration, signal } = workspace.options.context;
    const { conflict } = workspace.file.replicate;
    return openCapture({
      bucket: await workspace.captureBucket(),
      prefix: workspace.prefix('source'),
      ledger: workspace.changeLedger,
      captureId,
      header: {
        migration,
        policyHash: workspace.policyHash,
        policyEffectHash: policy.hash,
        ...of,
        keySchema,
        ...(conflict !== undefined && { conflict }),
      },
      ...(startedMs !== undefined && { startedMs }),
      nowMs: Date.now(),
      signal,
    });
  }

  #captureMeter(): StageMeter {
    const { captured } = this.#workspace.changeLedger.totals();
    return this.#stages.meter('capture', {
      items: captured.read,
      bytes: captured.sourceBytes,
      objects: captured.objects,
      filtered: captured.filtered,
      deadLettered: captured.deadLettered,
    });
  }
}
