import { dirname, join, resolve } from 'node:path';
import { asDynaferryError, DynaferryError } from '../model/errors.ts';
import type { ProgressEvent, StageName, Summary } from '../model/events.ts';
import { inspectTable } from '../stages/inspect/inspect-table.ts';
import type { Catalog } from '../stages/inspect/catalog.ts';
import { capacityOf } from '../dynamodb/table.ts';
import { CaptureStages } from './capture-stages.ts';
import { ChangeStages } from './change-stages.ts';
import { readMigrationFile } from './file/parse.ts';
import type { MigrationFile } from './file/migration-file.ts';
import { Limits } from './limits.ts';
import { makePlan, type Plan, type PlanOptions } from './plan.ts';
import { preflight, refuseErrors } from './preflight.ts';
import { ProgressKeeper } from './progress-keeper.ts';
import { ProgressTotals } from './progress-totals.ts';
import { Replication } from './replication.ts';
import { checkRefused, setAsideOf, watchCaptured } from './set-aside.ts';
import { Verification } from './verification.ts';
import { carryVerification } from './verify-site.ts';
import { forgetVerification } from './verify-stage.ts';
import { incrementalExports } from './source-exports.ts';
import { StageRunner, type StageRequest } from './stage-runner.ts';
import { Stages } from './stages.ts';
import type {
  ApplyRequest,
  CaptureRequest,
  InspectRequest,
  OpenOptions,
  ReplicateRequest,
  RunRequest,
  TransferRequest,
  VerifyRequest,
} from './requests.ts';
import { readStatus, type MigrationStatus } from './status.ts';
import { checkAccounting, checkDeadLetters } from './summary.ts';
import { Workspace } from './workspace.ts';

/** The stages of changes. */
const CHANGE_STAGES = ['capture', 'transfer-changes', 'apply'] as const satisfies readonly StageName[];

const SAMPLE_DEFAULT = 10_000;
const INSPECT_SEGMENTS = 16;

/** Opens the migration that a file describes. Nothing is contacted yet. Throws CONFIG_INVALID, POLICY_INVALID or LOCAL_DISK. */
export async function openMigration(path: string, options: OpenOptions = {}): Promise<Migration> {
  const [migration] = await openMigrations([path], options);
  return migration;
}

/** Opens several migrations whose caps hold over all of them together. */
export async function openMigrations(paths: readonly string[], options: OpenOptions = {}): Promise<Migration[]> {
  const files = await Promise.all(paths.map(readMigrationFile));
  const twice = files.find((file, index) => files.findIndex((other) => other.name === file.name) !== index);
  if (twice !== undefined)
    throw new DynaferryError('CONFIG_INVALID', `two of the files have the name '${twice.name}'`, {
      fix: 'Give each migration its own name: staging and ledger lie below it.',
    });
  const limits = new Limits(files);
  return files.map((file, index) => new Migration(file, dirname(resolve(paths[index])), limits, options));
}

/**
 * One source table to one target table under one policy. What is done stays done: open it again after a failure and call the same method to go on.
 * Methods that move or verify data resolve with a Summary, whose `ok` and `error` say how it ended, and which is the last event; plan, inspect and status throw DynaferryError, as all do
 * where the state folder cannot be used or the request contradicts itself.
 */
export class Migration {
  readonly file: MigrationFile;
  readonly #workspace: Workspace;
  readonly #stages: Stages;
  readonly #captures: CaptureStages;
  readonly #changes: ChangeStages;
  readonly #replication: Replication;
  readonly #runner: StageRunner;
  readonly #verification: Verification;

  /** Use openMigration. `folder` is the one that paths in the file count from. */
  constructor(file: MigrationFile, folder: string, limits: Limits, options: OpenOptions) {
    this.file = file;
    const stateFolder = options.stateDir ?? join(folder, '.dynaferry');
    const listener = options.onEvent ?? (() => undefined);
    const keeper = new ProgressKeeper(() => this.#workspace.changeLedger);
    const totals = new ProgressTotals();
    const onEvent = (told: ProgressEvent): void => {
      const event = totals.complete(told);
      keeper.hear(event);
      listener(event);
    };
    const scope = new AbortController();
    const signal = options.signal === undefined ? scope.signal : AbortSignal.any([options.signal, scope.signal]);
    this.#workspace = new Workspace(file, {
      folder,
      stateFolder,
      limits,
      env: options.env ?? process.env,
      context: { migration: file.name, signal, onEvent },
    });
    this.#runner = new StageRunner(this.#workspace, keeper, scope);
    this.#stages = new Stages(this.#workspace);
    this.#verification = new Verification(this.#workspace, this.#stages);
    this.#captures = new CaptureStages(this.#workspace, this.#stages);
    this.#changes = new ChangeStages(this.#workspace, this.#stages, this.#captures);
    this.#replication = new Replication(this.#workspace, this.#stages, this.#captures, this.#changes, (work) =>
      this.#runner.together(work),
    );
  }

  /** Where its ledger lies, and what verification found. */
  get stateFolder(): string {
    return this.#workspace.stateFolder;
  }

  /** What ended the last method that resolved with a Summary, with its causes; undefined where it went well. */
  get failure(): DynaferryError | undefined {
    return this.#runner.failure;
  }

  /** What is in the source table. Reads, never writes. */
  async inspect(request: InspectRequest = {}): Promise<Catalog> {
    return asking(() => this.#inspect(request));
  }

  /** A dry run: checks both sites, reads a sample, says what would happen. Writes nothing. */
  async plan(options: PlanOptions = {}): Promise<Plan> {
    return asking(() => makePlan(this.#workspace, this.#stages, options));
  }

  /** Everything: export, transfer and load side by side, then verify; with `live` changes too. Goes on from where an earlier run stopped. */
  async run(request: RunRequest = {}): Promise<Summary> {
    if (request.live === true)
      return this.#run(['export', 'transfer', 'load', ...CHANGE_STAGES], request, async () => {
        const { findings } = await preflight(this.#workspace);
        refuseErrors(findings);
        forgetVerification(this.#workspace);
        await this.#replication.live({ restart: request.restart === true });
      });
    return this.#run(['export', 'transfer', 'load'], request, async () => {
      const { findings } = await preflight(this.#workspace);
      refuseErrors(findings);
      forgetVerification(this.#workspace);
      const opened = await this.#stages.openExport();
      await this.#stages.carryHeader(opened.layout.exportId);
      const { exportId } = opened.layout;
      await this.#runner.together([
        () => this.#stages.export(opened),
        () => this.#stages.transfer(exportId),
        () => this.#stages.load(exportId),
      ]);
      checkAccounting(this.#workspace.ledger.totals());
      if (request.skipVerify !== true)
        await this.#verification.atRest(this.#workspace.ledger.totals().load.deadLettered);
      this.#workspace.ledger.setFact('finishedMs', String(Date.now()));
    });
  }

  /** The source's half alone; needs the source's credentials only. */
  async export(request: RunRequest = {}): Promise<Summary> {
    return this.#run(['export'], request, async () => {
      await this.#stages.export(await this.#stages.openExport());
    });
  }

  /**
   * Reads the table's stream into the source's staging, filtered and masked, from where it stopped; needs the source's credentials only. Goes on until the
   * signal ends it, which the Summary calls INTERRUPTED. With `from` it takes incremental exports in place of the stream.
   */
  async capture({ restart = false, untilCaughtUp = false, from = [] }: CaptureRequest = {}): Promise<Summary> {
    const calledMs = Date.now();
    const captures = this.#captures;
    // A new log makes the others of this machine begin anew, too.
    return this.#run(restart ? [...CHANGE_STAGES] : ['capture'], {}, async () => {
      const exports = from.length === 0 ? undefined : await incrementalExports(this.#workspace, from);
      const opened = await (exports === undefined
        ? captures.openStream({ restart })
        : captures.openExports(exports, { restart }));
      const checkSetAside = watchCaptured(this.#workspace, opened.layout);
      if (exports === undefined) await captures.stream(opened, untilCaughtUp ? calledMs : undefined);
      else await captures.exports(opened, exports);
      checkSetAside();
    });
  }

  /**
   * From staging to staging; needs both sites' staging credentials and no table. Follows an export that is still running. Carries again what somebody
   * removed from the target's staging. With `changes` it carries changes as they are captured.
   */
  async transfer({ changes = false, untilCaughtUp = false }: TransferRequest = {}): Promise<Summary> {
    if (untilCaughtUp && !changes)
      throw new DynaferryError('USAGE', 'a transfer of an export ends with the export; untilCaughtUp is for changes', {
        fix: 'Add --changes, or leave --until-caught-up out.',
      });
    if (changes) return this.#run(['transfer-changes'], {}, () => this.#changes.transfer({ endless: !untilCaughtUp }));
    return this.#run(['transfer'], {}, async () => {
      const exportId = await this.#stages.findExport('source');
      await this.#stages.transfer(exportId, { recheck: true });
      await carryVerification(this.#workspace, exportId);
    });
  }

  /** The target's half alone; needs the target's credentials only. Follows a transfer that is still running. */
  async load(): Promise<Summary> {
    return this.#run(['load'], {}, async () => {
      forgetVerification(this.#workspace);
      await this.#stages.load(await this.#stages.findExport('target'));
    });
  }

  /** Applies changes to the target table; needs the target's credentials only. Waits for the load of the export that they follow. */
  async apply(request: ApplyRequest = {}): Promise<Summary> {
    const { retryDeadLetters = false, untilCaughtUp = false, withoutLoad = false } = request;
    return this.#run(['apply'], {}, async () => {
      forgetVerification(this.#workspace);
      await this.#changes.apply({ retryDeadLetters, withoutLoad, endless: !untilCaughtUp });
    });
  }

  /** Captures, carries and applies changes side by side, from where that stopped. */
  async replicate({ untilCaughtUp = false, withoutLoad = false }: ReplicateRequest = {}): Promise<Summary> {
    return this.#run([...CHANGE_STAGES], {}, async () => {
      forgetVerification(this.#workspace);
      await this.#replication.replicate({ untilCaughtUp, withoutLoad });
    });
  }

  /**
   * Waits until all that was written to the source before the call is at the target, then verifies. What writes to the source must have been stopped before. Where it resolves with a
   * summary that is `ok`, it is safe to switch to the target. Another process may go on replicating meanwhile.
   */
  async cutover(): Promise<Summary> {
    return this.#run(['verify'], { changes: true }, async () => {
      await this.#replication.catchUp();
      // What an earlier verification had read may have been changed since.
      forgetVerification(this.#workspace);
      const { load, apply } = setAsideOf(this.#workspace);
      const verified = await this.#verification.atRest((load?.count ?? 0) + (apply?.count ?? 0));
      // What an export or a load set aside may have been mended and applied since, and a capture may have set aside more: what counts is what verification found.
      checkDeadLetters(setAsideOf(this.#workspace), verified.missing > 0 ? ['load', 'apply'] : ['apply']);
      checkRefused(this.#workspace, verified);
    });
  }

  /**
   * Compares policy(source) with the target, and changes nothing at either; on tables that are written to, differences are looked at until they settle. Needs both sites' credentials; with
   * `site` that site's alone: the source leaves its digests in staging, `transfer` carries them, the target compares (docs/verify.md).
   */
  async verify(request: VerifyRequest = {}): Promise<Summary> {
    return this.#run(['verify'], {}, () => this.#verification.run(request));
  }

  /** Where it stands, from the ledger of this machine; also while another process runs it. Contacts nothing. */
  status(): MigrationStatus {
    const { stateFolder } = this.#workspace;
    return this.#workspace.peekLedger((ledger) =>
      this.#workspace.peekChangeLedger((changes) => readStatus(this.file.name, stateFolder, ledger, changes)),
    );
  }

  /** Closes connections and the ledger. */
  async close(): Promise<void> {
    await this.#workspace.close();
  }

  async #inspect(request: InspectRequest): Promise<Catalog> {
    const { source } = this.file;
    const table = await this.#workspace.sourceTable();
    if (table === undefined)
      throw new DynaferryError('USAGE', 'inspect reads a table, and the source of this migration is an export', {
        fix: 'Give source.table.',
      });
    return inspectTable({
      client: await this.#workspace.sourceDynamoDb(),
      table: table.TableName,
      sample: request.sample ?? SAMPLE_DEFAULT,
      segments: INSPECT_SEGMENTS,
      consistentRead: source.consistentRead,
      ...(request.examples !== undefined && { examples: request.examples }),
      pace: this.#workspace.options.limits.read(this.file.limits, capacityOf(table).read),
      onProgress: request.onProgress,
      signal: this.#workspace.options.context.signal,
    });
  }

  #run(locks: StageName[], request: StageRequest, work: () => Promise<void>): Promise<Summary> {
    // What an earlier call has verified may have been changed since.
    this.#verification.counts = undefined;
    return this.#runner.run(locks, request, work, () => this.#verification.counts);
  }
}

/** What is asked for; whatever prevents it is thrown as a DynaferryError, an abort as INTERRUPTED. */
async function asking<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw asDynaferryError(error);
  }
}
