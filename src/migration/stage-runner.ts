import { Lock } from '../engine/lock.ts';
import { asDynaferryError, type DynaferryError } from '../model/errors.ts';
import type { Failure, StageName, Summary, VerifyCounts } from '../model/events.ts';
import { newExportId } from '../staging/layout.ts';
import type { ProgressKeeper } from './progress-keeper.ts';
import { setAsideOf } from './set-aside.ts';
import { appliedCounts, capturedCounts, checkDeadLetters, countsOf } from './summary.ts';
import type { Workspace } from './workspace.ts';

/** What a method asks of how it is run. */
export interface StageRequest {
  restart?: boolean;
  live?: boolean;
  /** Whether its summary is of changes though it runs none of their stages itself. */
  changes?: boolean;
}

/** Runs stages of one migration under their locks, and makes the summary of whatever comes of them. */
export class StageRunner {
  /** What ended the last run, with its causes; undefined where it went well. */
  failure: DynaferryError | undefined;
  readonly #workspace: Workspace;
  readonly #keeper: ProgressKeeper;
  /** Aborted when a stage fails, to end those beside it. */
  readonly #scope: AbortController;

  constructor(workspace: Workspace, keeper: ProgressKeeper, scope: AbortController) {
    this.#workspace = workspace;
    this.#keeper = keeper;
    this.#scope = scope;
  }

  /** Runs `work` under the locks of these stages; `verified` is what a verification found by then. */
  async run(
    locks: StageName[],
    request: StageRequest,
    work: () => Promise<void>,
    verified: () => VerifyCounts | undefined,
  ): Promise<Summary> {
    const { ledger, stateFolder, file } = this.#workspace;
    this.#keeper.ledger = ledger;
    const startedMs = Date.now();
    const held: Lock[] = [];
    let error: Failure | undefined;
    this.failure = undefined;
    try {
      for (const lock of locks) held.push(Lock.take(stateFolder, lock, `${lock} of migration '${file.name}'`));
      if (request.restart === true) {
        ledger.clear();
        ledger.setFact('exportId', newExportId(startedMs));
      }
      await work();
      checkDeadLetters(setAsideOf(this.#workspace), locks);
    } catch (thrown) {
      this.failure = asDynaferryError(thrown);
      const { code, message, fix } = this.failure;
      error = { code, message, fix };
    } finally {
      for (const lock of held) lock.release();
    }
    const summary = this.#summary(locks, request, { startedMs, verify: verified(), error });
    this.#workspace.options.context.onEvent(summary);
    return summary;
  }

  #summary(
    locks: StageName[],
    request: StageRequest,
    { startedMs, verify, error }: { startedMs: number; verify: VerifyCounts | undefined; error: Failure | undefined },
  ): Summary {
    const { ledger, changeLedger, file } = this.#workspace;
    const ofCapture = request.changes === true || locks.includes('capture');
    const ofChanges = request.changes === true || locks.includes('transfer-changes') || locks.includes('apply');
    return {
      type: 'summary',
      migration: file.name,
      ok: error === undefined,
      ...countsOf(ledger.totals()),
      ...(verify && { verify }),
      ...(ofCapture && { captured: capturedCounts(changeLedger.totals()) }),
      ...(ofChanges && { applied: appliedCounts(changeLedger.totals()) }),
      seconds: Math.round((Date.now() - startedMs) / 100) / 10,
      ...(error && { error }),
    };
  }

  /** Runs stages side by side; the first failure ends the others, which save what they have, and is thrown. */
  async together(stages: (() => Promise<void>)[]): Promise<void> {
    let failure: { error: unknown } | undefined;
    await Promise.all(
      stages.map(async (stage) => {
        try {
          await stage();
        } catch (error) {
          failure ??= { error };
          this.#scope.abort();
        }
      }),
    );
    if (failure !== undefined) throw failure.error;
  }
}
