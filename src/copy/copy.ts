import { createWriteStream, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { isLocked, Lock } from '../engine/lock.ts';
import { asDynaferryError, DynaferryError } from '../model/errors.ts';
import type { CopyProgress, CopySummary, EventListener, FailureKind, ProgressEvent } from '../model/events.ts';
import { listUploads } from '../s3/list-uploads.ts';
import { CopyMeter } from '../stages/transfer/copy-meter.ts';
import { runCopyStage } from '../stages/transfer/copy-stage.ts';
import { sweepUploads } from '../stages/transfer/upload-record.ts';
import { compileScope } from './scope/compile-scope.ts';
import type { CopyPlan } from './copy-plan.ts';
import { CopyState } from './copy-state.ts';
import { copierOf, openCopyLink, type CopyLink } from './open-link.ts';

/** What a run does: copy, only tell what it would do, compare both sides by checksum and copy nothing, or copy what failed last time. */
export type CopyMode = 'copy' | 'dry-run' | 'verify' | 'retry-failed';

export interface CopyOptions {
  /** Where state folders of copies lie; `.dynaferry` in the working folder where absent. */
  stateDir?: string;
  onEvent?: EventListener;
  signal?: AbortSignal;
  /** Where credentials with a prefix, and proxies, are looked up; the process's own where absent. */
  env?: Readonly<Record<string, string | undefined>>;
}

/** Where a copy stands, by this machine's state folder. */
export interface CopyStatus {
  copy: string;
  /** Whether another process runs it now. */
  running: boolean;
  /** Of the last run that ended. */
  last?: { finishedMs: number; summary: CopySummary };
  /** Of the run under way: the last `copy` event. */
  progress?: { updatedMs: number; event: CopyProgress };
  failedFile?: string;
}

const LOCK = 'copy';
/** How often the state folder is told where a run stands, for `status` of another process. */
const KEEP_MS = 1000;
/** Objects worked on at once beyond the connections: those that are being compared, or wait for a permit. */
const LANES_SPARE = 16;

/** A copy from bucket to bucket. */
export class Copy {
  readonly plan: CopyPlan;
  readonly stateFolder: string;
  readonly #options: CopyOptions;

  constructor(plan: CopyPlan, options: CopyOptions) {
    this.plan = plan;
    this.#options = options;
    this.stateFolder = join(options.stateDir ?? '.dynaferry', plan.name);
  }

  /** What failed is listed here, one JSON object a line. */
  get failedFile(): string {
    return join(this.stateFolder, 'failed.jsonl');
  }

  /**
   * Never rejects but for a fault of the program's: failures are in the summary, which is also the last event. Where another process runs it, the
   * summary says LOCKED and nothing was done.
   */
  async run(mode: CopyMode): Promise<CopySummary> {
    const startedMs = performance.now();
    let meter = new CopyMeter(
      this.plan.name,
      () => undefined,
      () => 0,
    );
    let failure: DynaferryError | undefined;
    let failures: FailureKind[] = [];
    const summaryOf = (): CopySummary => this.#summary(mode, meter, startedMs, failures, failure);
    try {
      const lock = Lock.take(this.stateFolder, LOCK, `the copy ${this.plan.name}`);
      try {
        const state = CopyState.open(this.stateFolder);
        try {
          meter = await this.#runLocked(mode, state, (started) => (meter = started));
        } catch (error) {
          failure = asDynaferryError(error);
        } finally {
          failures = state.failures();
          if (isKept(mode)) await this.#keep(state, summaryOf(), failure !== undefined);
          state.close();
        }
      } finally {
        lock.release();
      }
    } catch (error) {
      failure ??= asDynaferryError(error);
    }
    const summary = summaryOf();
    this.#emit(summary);
    return summary;
  }

  /** Aborts multipart uploads below the target's prefixes that were begun longer ago; resolves with how many. What they held is freed, and copied anew when it is needed. */
  async abortStale(olderThanMs: number): Promise<number> {
    const link = this.#openLink(() => undefined);
    const { target } = link;
    try {
      let aborted = 0;
      for (const prefix of this.plan.prefixes)
        for await (const { key, uploadId, initiatedMs } of listUploads(target, prefix.target, this.#options.signal)) {
          // Where a service tells no time, nobody knows that it is old.
          if (!(Date.now() - initiatedMs >= olderThanMs)) continue;
          await target.abortUpload(key, uploadId, this.#options.signal);
          aborted++;
        }
      return aborted;
    } catch (error) {
      throw asDynaferryError(error);
    } finally {
      await link.close();
    }
  }

  /** Contacts nothing. */
  status(): CopyStatus {
    const running = isLocked(this.stateFolder, LOCK);
    const state = CopyState.peek(this.stateFolder);
    try {
      const last = state.last();
      const progress = running ? state.progress() : undefined;
      return {
        copy: this.plan.name,
        running,
        ...(last && { last }),
        ...(progress && { progress }),
        ...(existsSync(this.failedFile) && { failedFile: this.failedFile }),
      };
    } finally {
      state.close();
    }
  }

  async #runLocked(mode: CopyMode, state: CopyState, onStart: (meter: CopyMeter) => void): Promise<CopyMeter> {
    const { plan } = this;
    state.begin();
    let keptMs = 0;
    const hear = (event: ProgressEvent): void => {
      this.#emit(event);
      if (event.type !== 'copy' || Date.now() - keptMs < KEEP_MS) return;
      keptMs = Date.now();
      state.setProgress(event);
    };
    const link = this.#openLink(
      () => meter.add({ retries: 1 }),
      () => meter.add({ throttles: 1 }),
    );
    const meter = new CopyMeter(plan.name, hear, () => link.gate.used);
    link.onBytes = (bytes) => meter.add({ bytes });
    onStart(meter);
    try {
      await runCopyStage({
        copy: plan.name,
        link,
        prefixes: plan.prefixes,
        scope: compileScope(plan.scope, Date.now()),
        compare: mode === 'verify' ? 'checksum' : plan.compare,
        dry: mode === 'dry-run' || mode === 'verify',
        retryFailed: mode === 'retry-failed',
        deleteExtra: plan.deleteExtra,
        copyObject: await copierOf(plan, link),
        records: state,
        meter,
        onEvent: hear,
        lanes: plan.bounds.connectionsMax + LANES_SPARE,
      });
      if (isKept(mode)) await sweepUploads(link, plan.prefixes);
    } finally {
      await link.close();
    }
    return meter;
  }

  #openLink(onRetry: () => void, onThrottle: () => void = () => undefined): CopyLink {
    const { signal = new AbortController().signal, env } = this.#options;
    return openCopyLink(this.plan, { onRetry, onThrottle, signal, ...(env && { env }) });
  }

  /** What failed, as a file for people, and how the run ended. */
  async #keep(state: CopyState, summary: CopySummary, keepsFailed: boolean): Promise<void> {
    state.end(summary, keepsFailed);
    let count = 0;
    function* lines(): Generator<string> {
      for (const failed of state.failedBefore()) {
        count++;
        yield `${JSON.stringify(failed)}\n`;
      }
    }
    await pipeline(lines, createWriteStream(this.failedFile, { mode: 0o600 }));
    if (count === 0) rmSync(this.failedFile, { force: true });
  }

  #summary(
    mode: CopyMode,
    meter: CopyMeter,
    startedMs: number,
    failures: FailureKind[],
    failure?: DynaferryError,
  ): CopySummary {
    const { objectsTotal, bytesTotal, copiedBytes, bytes: _, ...counts } = meter.counts;
    const { copied, failed, archived, vanished } = counts;
    const toCopy = Math.max(0, objectsTotal - copied - failed - archived - vanished);
    const error = failure ?? this.#shortfall(mode, counts, toCopy);
    return {
      type: 'copy-summary',
      ok: error === undefined,
      copy: this.plan.name,
      ...counts,
      toCopy,
      toCopyBytes: toCopy === 0 ? 0 : Math.max(0, bytesTotal - copiedBytes),
      bytes: copiedBytes,
      seconds: Math.round(performance.now() - startedMs) / 1000,
      ...(failures.length > 0 && { failures }),
      ...(failed + archived > 0 && isKept(mode) && { failedFile: this.failedFile }),
      ...(error && { error: { code: error.code, message: error.message, fix: error.fix } }),
    };
  }

  /** What makes a run that came to its end no success. */
  #shortfall(
    mode: CopyMode,
    { failed, archived, extra, deleted }: { failed: number; archived: number; extra: number; deleted: number },
    toCopy: number,
  ): DynaferryError | undefined {
    const { plan } = this;
    const different = toCopy + archived + (plan.deleteExtra ? extra : 0);
    if (mode === 'verify' && different > 0)
      return new DynaferryError(
        'COPY_DIFFERENT',
        `${objectsAre(different, 'is', 'are')} missing, different or extra at the target`,
      );
    if (!isKept(mode)) return undefined;
    if (failed > 0)
      return new DynaferryError(
        'OBJECTS_FAILED',
        `${objectsAre(failed + archived, 'was', 'were')} not copied; ${this.failedFile} says which, and why`,
      );
    if (plan.deleteExtra && deleted < extra)
      return new DynaferryError(
        'OBJECTS_FAILED',
        `${objectsAre(extra - deleted, 'was', 'were')} not deleted at the target`,
        {
          fix: 'Allow s3:DeleteObject on them, or look for an object lock; then run the same command again.',
        },
      );
    if (archived > 0)
      return new DynaferryError(
        'OBJECT_ARCHIVED',
        `${objectsAre(archived, 'lies', 'lie')} in an archive; ${this.failedFile} lists ${archived === 1 ? 'it' : 'them'}`,
      );
    return undefined;
  }

  #emit(event: ProgressEvent): void {
    this.#options.onEvent?.(event);
  }
}

/** `1 object was`, `2 objects were`. */
function objectsAre(count: number, one: string, several: string): string {
  return count === 1 ? `1 object ${one}` : `${count} objects ${several}`;
}

/** Whether a run of this kind leaves what failed for the next one. */
function isKept(mode: CopyMode): boolean {
  return mode === 'copy' || mode === 'retry-failed';
}

/** Nothing is contacted yet. */
export function openCopy(plan: CopyPlan, options: CopyOptions = {}): Copy {
  return new Copy(plan, options);
}
