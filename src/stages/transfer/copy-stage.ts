import { asDynaferryError } from '../../model/errors.ts';
import type { EventListener } from '../../model/events.ts';
import type { ListedObject } from '../../s3/object-info.ts';
import type { PageObject } from '../../s3/page-object.ts';
import type { CompareMode, CopyReason, CopyScope, FailedObject, PrefixPair } from './copy-options.ts';
import type { CopyMeter } from './copy-meter.ts';
import { CopyQueues } from './copy-queues.ts';
import { judgeAsked, judgeListed } from './judge-pair.ts';
import type { Link } from './link.ts';
import { compareListings } from './listing/compare-listings.ts';
import type { ListedPair } from './listing/key-range.ts';
import { deleteExtra, tellOfExtra } from './extra-objects.ts';
import { endsRun } from './ends-run.ts';
import { Refusals } from './refusals.ts';

/** Where a copy keeps what must not be held in memory, whose size depends on the buckets'. */
export interface CopyRecords {
  addFailed(failed: FailedObject): void;
  /** What failed last time, and is to be tried again; forgotten when it has been read to the end. */
  failedBefore(): Iterable<FailedObject>;
  addExtra(keys: readonly string[]): void;
  /** Keys that only the target has, in batches of at most so many. */
  extra(keysMax: number): Iterable<string[]>;
}

/** Copies one object, in the version that was listed; resolves with its bytes, or undefined where the source has it no more. */
export type CopyObject = (object: ListedObject, targetKey: string, statePrefix: string) => Promise<number | undefined>;

export interface CopyStageOptions {
  /** The copy's name. */
  copy: string;
  link: Link;
  prefixes: readonly PrefixPair[];
  scope: CopyScope;
  compare: CompareMode;
  /** Only tell of what would be done. */
  dry: boolean;
  /** Copy what failed last time, and list nothing. */
  retryFailed: boolean;
  deleteExtra: boolean;
  copyObject: CopyObject;
  records: CopyRecords;
  meter: CopyMeter;
  onEvent: EventListener;
  /** Objects that are worked on at once; permits and memory bound what they really do. */
  lanes: number;
}

/** Ranges of keys that are listed and compared side by side. */
const LISTING_RANGES = 8;

/** Of an object that is named by a list of ours and not by the source's. */
const UNKNOWN = { etag: '', lastModifiedMs: 0, storageClass: 'STANDARD' };

interface Task {
  source: ListedObject;
  target?: ListedObject;
  targetKey: string;
  statePrefix: string;
  /** Known from the listings, or undefined where the target has to be asked. */
  reason?: CopyReason;
}

/**
 * Makes the target what the source is: lists both, compares, copies what differs as it is found, and at the end deletes what only the target has, where that is asked for.
 * One object that cannot be copied does not stop the rest; what concerns all of them does, and is thrown.
 */
export async function runCopyStage(options: CopyStageOptions): Promise<void> {
  const scope = new AbortController();
  const signal = AbortSignal.any([options.link.signal, scope.signal]);
  const run = new CopyRun({ ...options, link: { ...options.link, signal } }, scope);
  await run.all();
}

class CopyRun {
  readonly #options: CopyStageOptions;
  readonly #scope: AbortController;
  readonly #queues: CopyQueues<Task>;
  readonly #refusals = new Refusals();
  /** Prefixes of the source below which it has objects, and those below whose counterparts only the target has some. */
  readonly #prefixesListed = new Set<string>();
  readonly #prefixesExtra = new Set<string>();
  #failure: { error: unknown } | undefined;

  constructor(options: CopyStageOptions, scope: AbortController) {
    const { gate, signal } = options.link;
    this.#options = options;
    this.#scope = scope;
    this.#queues = new CopyQueues({ signal, ...(!options.dry && { measured: () => gate.measured }) });
  }

  async all(): Promise<void> {
    const { lanes, meter, dry } = this.#options;
    const works = this.#queues.lanes(lanes, (task) => this.#work(task));
    await Promise.all([() => this.#fill(), ...works].map((work) => this.#guard(work)));
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#options.deleteExtra)
      await (dry ? tellOfExtra(this.#options) : deleteExtra({ ...this.#options, emptied: this.#emptied() }));
    meter.report();
  }

  /** Prefixes below which the source lists nothing and the target something. */
  #emptied(): PrefixPair[] {
    return this.#options.prefixes.filter(
      ({ source }) => this.#prefixesExtra.has(source) && !this.#prefixesListed.has(source),
    );
  }

  /** The first failure stops everything. */
  async #guard(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#failure ??= { error };
      this.#queues.abandon();
      this.#scope.abort();
    }
  }

  async #fill(): Promise<void> {
    const { link, prefixes, meter, retryFailed } = this.#options;
    if (retryFailed) await this.#fillFromFailed();
    else
      await compareListings({
        pairs: prefixes,
        source: link.source,
        target: link.target,
        parallel: LISTING_RANGES,
        signal: link.signal,
        emit: (found, prefix) => this.#sort(found, prefix),
      });
    meter.listingDone = true;
    meter.report();
    this.#queues.end();
  }

  async #fillFromFailed(): Promise<void> {
    const { prefixes, meter, records } = this.#options;
    for (const { key, sizeBytes } of records.failedBefore()) {
      meter.add({ listed: 1 });
      const prefix = prefixes.find(({ source }) => key.startsWith(source));
      if (prefix === undefined) {
        meter.add({ excluded: 1 });
        continue;
      }
      // What it is now is asked when its turn comes.
      await this.#put(this.#taskOf({ key, sizeBytes, ...UNKNOWN }, prefix, undefined, 'retry'));
    }
  }

  /** Counts a batch of what both sides list, and queues what there is to do. */
  async #sort(found: readonly ListedPair[], prefix: PrefixPair): Promise<void> {
    const { scope, compare, meter, records } = this.#options;
    const more = { listed: 0, excluded: 0, same: 0, extra: 0 };
    const tasks: Task[] = [];
    const extra: string[] = [];
    for (const { source, target } of found) {
      if (source === undefined) {
        // What the scope leaves out is nothing that this copy has put there. It judges keys as the source has them.
        if (target !== undefined && scope.includes(asSource(target, prefix), prefix.source)) extra.push(target.key);
        continue;
      }
      more.listed++;
      if (!scope.includes(source, prefix.source)) more.excluded++;
      else {
        const verdict = target === undefined ? 'missing' : judgeListed(source, target, compare);
        if (verdict === 'same') more.same++;
        else
          tasks.push(this.#taskOf(source.detach(), prefix, target?.detach(), verdict === 'ask' ? undefined : verdict));
      }
    }
    more.extra = extra.length;
    if (more.listed > 0) this.#prefixesListed.add(prefix.source);
    if (extra.length > 0) {
      this.#prefixesExtra.add(prefix.source);
      records.addExtra(extra);
    }
    meter.add(more);
    for (const task of tasks) await this.#put(task);
  }

  #taskOf(source: ListedObject, prefix: PrefixPair, target: ListedObject | undefined, reason?: CopyReason): Task {
    const targetKey = prefix.target + source.key.slice(prefix.source.length);
    return { source, targetKey, statePrefix: prefix.target, ...(target && { target }), ...(reason && { reason }) };
  }

  async #put(task: Task): Promise<void> {
    const { sizeBytes } = task.source;
    const isCertain = task.reason !== undefined;
    if (isCertain) this.#options.meter.add({ objectsTotal: 1, bytesTotal: sizeBytes });
    await this.#queues.put(task, { sizeBytes, isCertain });
  }

  async #work(task: Task): Promise<void> {
    this.#options.link.signal.throwIfAborted();
    try {
      await this.#do(task);
      this.#refusals.passed();
    } catch (error) {
      // Nobody knows whether it would have been copied: it was not.
      const isCounted = task.reason !== undefined;
      this.#fail(task.source, error, isCounted ? {} : { objectsTotal: 1, bytesTotal: task.source.sizeBytes });
    }
  }

  async #do(task: Task): Promise<void> {
    const { link, compare, dry, meter, copyObject } = this.#options;
    const { source, target, targetKey, statePrefix } = task;
    if (task.reason === undefined && target !== undefined) {
      const verdict = await judgeAsked(link, source, target, compare);
      if (verdict === 'same') return meter.add({ same: 1 });
      meter.add({ objectsTotal: 1, bytesTotal: source.sizeBytes });
      task.reason = verdict;
    }
    if (dry) return this.#tell(source, task.reason ?? 'missing');
    const known = source.etag === UNKNOWN.etag ? await this.#ask(source.key) : source;
    const bytes = known && (await copyObject(known, targetKey, statePrefix));
    meter.add(bytes === undefined ? { vanished: 1 } : { copied: 1, copiedBytes: bytes });
  }

  async #ask(key: string): Promise<ListedObject | undefined> {
    const { link } = this.#options;
    const now = await link.source.head(key, link.signal);
    if (now === undefined) return undefined;
    const { etag, sizeBytes, headers } = now;
    return { ...UNKNOWN, key, etag, sizeBytes, storageClass: headers['x-amz-storage-class'] ?? UNKNOWN.storageClass };
  }

  #tell({ key, sizeBytes, storageClass }: ListedObject, reason: string): void {
    const { copy, meter, onEvent } = this.#options;
    const isArchived = storageClass === 'GLACIER' || storageClass === 'DEEP_ARCHIVE';
    if (isArchived) meter.add({ archived: 1 });
    const action = isArchived ? 'archived' : 'copy';
    onEvent({ type: 'copy-object', copy, key, action, reason: isArchived ? storageClass : reason, sizeBytes });
  }

  /** Throws what concerns more than this object. */
  #fail(
    { key, sizeBytes }: Pick<ListedObject, 'key' | 'sizeBytes'>,
    thrown: unknown,
    more: Parameters<CopyMeter['add']>[0] = {},
  ): void {
    const { records, meter, link } = this.#options;
    link.signal.throwIfAborted();
    const error = asDynaferryError(thrown);
    if (endsRun(error) || this.#refusals.concernsAll(error)) throw error;
    records.addFailed({ key, sizeBytes, code: error.code, reason: error.message });
    meter.add({ ...more, ...(error.code === 'OBJECT_ARCHIVED' ? { archived: 1 } : { failed: 1 }) });
  }
}

/** An object of the target under the key that it would have at the source. */
function asSource(object: PageObject, prefix: PrefixPair): ListedObject {
  return { ...object.detach(), key: prefix.source + object.key.slice(prefix.target.length) };
}
