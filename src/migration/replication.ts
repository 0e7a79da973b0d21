import { setTimeout as sleep } from 'node:timers/promises';
import type { ChangeTotals } from '../engine/change-sums.ts';
import { isLocked, Lock, lockHolder } from '../engine/lock.ts';
import { DynaferryError } from '../model/errors.ts';
import type { StageName } from '../model/events.ts';
import type { CaptureStages } from './capture-stages.ts';
import type { ChangeStages } from './change-stages.ts';
import { checkCaptureFirst } from './hand-over.ts';
import { watchCaptured } from './set-aside.ts';
import type { Stages } from './stages.ts';
import { checkAccounting } from './summary.ts';
import type { Workspace } from './workspace.ts';

/** How often it is looked how far another process has come. */
const LOOK_MS = 300;

/** Runs stages side by side; the first failure ends the others, and is thrown. */
export type Together = (stages: (() => Promise<void>)[]) => Promise<void>;

export interface ReplicateSettings {
  /** Whether to end when all that was written to the source before the call is at the target. */
  untilCaughtUp: boolean;
  /** Whether to apply changes although no export was loaded before. */
  withoutLoad: boolean;
}

/** Puts the stages of a migration of a live table together. docs/replication.md says why nothing is lost between them. */
export class Replication {
  readonly #workspace: Workspace;
  readonly #stages: Stages;
  readonly #captures: CaptureStages;
  readonly #changes: ChangeStages;
  readonly #together: Together;

  constructor(
    workspace: Workspace,
    stages: Stages,
    captures: CaptureStages,
    changes: ChangeStages,
    together: Together,
  ) {
    this.#workspace = workspace;
    this.#stages = stages;
    this.#captures = captures;
    this.#changes = changes;
    this.#together = together;
  }

  /** Capture first, then export, transfer and load, then changes are applied, without end. */
  async live({ restart }: { restart: boolean }): Promise<void> {
    const changes = this.#changes;
    const stages = this.#stages;
    // A new export is behind a new capture: an older one may have lost changes.
    const capture = await this.#captures.openStream({ restart });
    const opened = await stages.openExport();
    checkCaptureFirst(opened.header, capture.header);
    const { exportId } = opened.layout;
    await stages.carryHeader(exportId);
    await changes.carryHeader();
    await this.#together([
      () => this.#captures.stream(capture),
      () => changes.transfer({ endless: true }),
      async () => {
        await this.#together([
          () => stages.export(opened),
          () => stages.transfer(exportId),
          () => stages.load(exportId),
        ]);
        // A load that was another machine's is in that one's ledger.
        if (this.#workspace.ledger.fact('loadDone') !== undefined) checkAccounting(this.#workspace.ledger.totals());
        await changes.apply({ endless: true, retryDeadLetters: false, withoutLoad: false });
      },
    ]);
  }

  /** Changes only, from where they stand. */
  async replicate({ untilCaughtUp, withoutLoad }: ReplicateSettings): Promise<void> {
    const changes = this.#changes;
    const toMs = Date.now();
    const capture = await this.#captures.openStream({ restart: false });
    await changes.carryHeader();
    const apply = { retryDeadLetters: false, withoutLoad };
    if (untilCaughtUp) {
      const checkSetAside = watchCaptured(this.#workspace, capture.layout);
      await this.#captures.stream(capture, toMs);
      await changes.transfer({ endless: false });
      await changes.apply({ ...apply, endless: false });
      checkSetAside();
    } else
      await this.#together([
        () => this.#captures.stream(capture),
        () => changes.transfer({ endless: true }),
        () => changes.apply({ ...apply, endless: true }),
      ]);
  }

  /**
   * Resolves when all that was written to the source before the call is at the target: each stage is run up to there, or waited for where another process of this
   * machine runs it. Returns that moment, in milliseconds since 1970.
   */
  async catchUp(): Promise<number> {
    const changes = this.#changes;
    const toMs = Date.now();
    await this.#through('capture', 'captured', toMs, async () => {
      await this.#captures.stream(await this.#captures.openStream({ restart: false }), toMs);
    });
    await this.#through('transfer-changes', 'transferred', toMs, () => changes.transfer({ endless: false }));
    await this.#through('apply', 'applied', toMs, () =>
      changes.apply({ endless: false, retryDeadLetters: false, withoutLoad: false }),
    );
    return toMs;
  }

  async #through(stage: StageName, of: keyof ChangeTotals, toMs: number, run: () => Promise<void>): Promise<void> {
    const { stateFolder, changeLedger, file, options } = this.#workspace;
    const { migration, signal, onEvent } = options.context;
    let isTold = false;
    while (changeLedger.totals()[of].throughMs < toMs) {
      if (!isLocked(stateFolder, stage)) {
        const lock = Lock.take(stateFolder, stage, `${stage} of migration '${file.name}'`);
        try {
          await run();
        } finally {
          lock.release();
        }
        if (changeLedger.totals()[of].throughMs >= toMs) return;
        throw new DynaferryError('INTERNAL', `${stage} ended before it had come to ${new Date(toMs).toISOString()}`);
      }
      const pid = lockHolder(stateFolder, stage)?.pid;
      const message = `waiting for process ${pid ?? ''} to be through with all that was written before ${new Date(toMs).toISOString()}`;
      if (!isTold) onEvent({ type: 'notice', migration, stage, level: 'info', message });
      isTold = true;
      await sleep(LOOK_MS, undefined, { signal });
    }
  }
}
