import {
  BATCH_BYTES_MAX,
  BATCH_ITEMS_MAX,
  type ItemPutter,
  type PutCondition,
  type PutItem,
  type PutOutcome,
} from '../../dynamodb/put-items.ts';
import type { Ledger } from '../../engine/ledger.ts';
import type { Pacer } from '../../engine/pacer.ts';
import type { Semaphore } from '../../engine/semaphore.ts';
import type { StageMeter } from '../../engine/stage-context.ts';
import { DynaferryError } from '../../model/errors.ts';
import { ItemView, NameTable } from '../../model/item.ts';
import { keyAttributes, KeyReader, type KeySchema } from '../../model/key.ts';
import { MalformedJson, skipSpace } from '../../model/json-bytes.ts';
import type { S3Bucket } from '../../s3/bucket.ts';
import type { ExportLayout } from '../../staging/layout.ts';
import { readItemLineNamed, readObjectLines, type ExpectedObject } from '../../staging/object-lines.ts';
import { writeLoadDeadLetters } from './dead-letter-file.ts';
import { LowWaterMark } from './low-water-mark.ts';

/** One object to load, and what its manifest says of it. */
export interface LoadTask {
  seq: number;
  expected: ExpectedObject;
  items: number;
  /** Compressed; for progress. */
  sizeBytes: number;
}

export interface ObjectLoaderOptions {
  bucket: S3Bucket;
  layout: ExportLayout;
  ledger: Ledger;
  meter: StageMeter;
  putter: ItemPutter;
  key: KeySchema;
  /** Undefined replaces items that exist. */
  condition: PutCondition | undefined;
  pacer: Pacer;
  /** Batches under way at once, over all objects. */
  requests: Semaphore;
  signal: AbortSignal;
}

/** How often the ledger learns how far an object has come. */
const CHECKPOINT_MS = 1000;
/** Batches of one object that may wait for the requests ahead of them: bounds what is held in memory. */
const BATCHES_AHEAD = 64;
/** When so many items in a row of one object are refused and none is written, something is wrong with all of them. */
const REFUSED_IN_A_ROW_MAX = 1000;

/** An item that is gathered for a batch or being written. */
interface Gathered extends PutItem {
  /** Of its key: the same for the same key. */
  keyHash: number;
}

/** Loads one object: lines into batches, batches into the table, progress into the ledger. */
export class ObjectLoader {
  readonly #options: ObjectLoaderOptions;
  readonly #task: LoadTask;
  readonly #view: ItemView;
  readonly #keys: KeyReader;
  readonly #mark: LowWaterMark;
  /** Hashes of the keys that are gathered or being written. Two keys of one hash are taken for one, which costs a wait and nothing else. */
  readonly #inFlight = new Set<number>();
  /** Batches that are being written, and who waits for some of them to be through. */
  #writing = 0;
  #waiter: { writingMax: number; resolve: () => void } | undefined;
  #failure: { error: unknown } | undefined;
  #checkpointMs = performance.now();
  #batch: Gathered[] = [];
  #batchBytes = 0;
  #refused = 0;
  #written = 0;

  constructor(options: ObjectLoaderOptions, task: LoadTask) {
    this.#options = options;
    this.#task = task;
    this.#view = new ItemView(new NameTable(keyAttributes(options.key).map((attribute) => attribute.name)));
    this.#keys = new KeyReader(options.key, (name) => this.#view.names.idOf(name));
    const before = options.ledger.loaded(task.seq);
    this.#mark = new LowWaterMark(before?.linesDone ?? 0, before ?? { written: 0, skipped: 0, deadLettered: 0 });
  }

  /** Resolves when every line is accounted for and the ledger says so. On failure the ledger holds how far it came. */
  async load(): Promise<void> {
    const { bucket, signal } = this.#options;
    const skip = this.#mark.lines;
    let line = 0;
    try {
      for await (const block of readObjectLines(bucket, this.#task.expected, signal)) {
        for (let at = 0; at < block.length;) {
          const end = block.indexOf(0x0a, at);
          if (skipSpace(block, at) < end && ++line > skip) {
            const wait = this.#add(block, at, end);
            if (wait !== undefined) await wait;
          }
          at = end + 1;
        }
      }
      if (this.#batch.length > 0) await this.#send();
    } finally {
      await this.#untilWriting(0);
      this.#save({ finished: false });
    }
    if (this.#failure !== undefined) throw this.#failure.error;
    if (line !== this.#task.items)
      throw new DynaferryError(
        'DATA_DAMAGED',
        `${bucket.uri(this.#task.expected.key)} holds ${line} items, its manifest says ${this.#task.items}`,
      );
    this.#save({ finished: true });
  }

  /** Takes one line `{"Item":{…}}`. Most need no waiting, and a promise for each would cost more than reading it. */
  #add(block: Buffer, at: number, end: number): Promise<void> | undefined {
    const item = this.#read(block, at, end);
    if (this.#inFlight.has(item.keyHash)) return this.#sendBefore(item, true);
    const full = this.#batch.length === BATCH_ITEMS_MAX || this.#batchBytes + item.end - item.start > BATCH_BYTES_MAX;
    if (full) return this.#sendBefore(item, false);
    this.#gather(item);
    return undefined;
  }

  /** Sends the gathered batch before the item is added to the next one. */
  async #sendBefore(item: Gathered, sameKey: boolean): Promise<void> {
    if (this.#batch.length > 0) await this.#send();
    // The same key twice: the first must be through before the second is sent. Exports do not hold such, other people's files may.
    if (sameKey) await this.#untilWriting(0);
    this.#gather(item);
  }

  #gather(item: Gathered): void {
    this.#batch.push(item);
    this.#batchBytes += item.end - item.start;
    this.#inFlight.add(item.keyHash);
  }

  #read(block: Buffer, at: number, lineEnd: number): Gathered {
    try {
      readItemLineNamed(block, at, lineEnd, this.#view);
      const { start, end } = this.#view;
      // An item without the key is DynamoDB's to refuse.
      return { bytes: block, start, end, keyHash: this.#keys.hash(this.#view) };
    } catch (error) {
      if (!(error instanceof MalformedJson)) throw error;
      throw new DynaferryError(
        'DATA_DAMAGED',
        `${this.#options.bucket.uri(this.#task.expected.key)} holds a line that is not DynamoDB JSON`,
      );
    }
  }

  /** Starts writing the gathered batch; waits while too many are ahead of it. */
  async #send(): Promise<void> {
    const items = this.#batch;
    this.#batch = [];
    this.#batchBytes = 0;
    void this.#account(items);
    await this.#untilWriting(BATCHES_AHEAD - 1);
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Resolves when no more than so many batches are being written; only one can wait at a time. */
  async #untilWriting(writingMax: number): Promise<void> {
    if (this.#writing > writingMax) await new Promise<void>((resolve) => (this.#waiter = { writingMax, resolve }));
  }

  /** Writes a batch and accounts for it; a failure is kept for who waits. */
  async #account(items: Gathered[]): Promise<void> {
    const { requests, signal } = this.#options;
    this.#writing++;
    const done = this.#mark.begin(items.length);
    try {
      const outcome = await requests.run(() => this.#write(items), signal);
      done({ written: outcome.written, skipped: outcome.skipped, deadLettered: outcome.refused.length });
      this.#count(outcome);
    } catch (error) {
      this.#failure ??= { error };
    }
    for (const item of items) this.#inFlight.delete(item.keyHash);
    this.#writing--;
    const waiter = this.#waiter;
    if (waiter === undefined || this.#writing > waiter.writingMax) return;
    this.#waiter = undefined;
    waiter.resolve();
  }

  async #write(items: PutItem[]): Promise<PutOutcome> {
    const { putter, condition, pacer, bucket, layout, signal } = this.#options;
    const reserved = items.reduce((units, item) => units + Math.ceil((item.end - item.start) / 1024), 0);
    await pacer.acquire(reserved, signal);
    const outcome =
      condition === undefined
        ? await putter.putBatch(items, signal)
        : await putter.putConditionally(items, condition, signal);
    pacer.settle(reserved, outcome.consumedUnits);
    if (outcome.refused.length > 0) await writeLoadDeadLetters(bucket, layout, this.#task.seq, outcome.refused, signal);
    return outcome;
  }

  #count(outcome: PutOutcome): void {
    const { written, skipped, refused } = outcome;
    this.#written += written + skipped;
    this.#refused += refused.length;
    this.#options.meter.add({ items: written + skipped + refused.length, deadLettered: refused.length });
    if (this.#written === 0 && this.#refused >= REFUSED_IN_A_ROW_MAX)
      this.#failure ??= {
        error: new DynaferryError(
          'DEAD_LETTERS',
          `the target refuses every item (${refused[0]?.code ?? 'no code'}); stopped after ${this.#refused} of them`,
          {
            fix: 'Read the dead letters in the target staging; the key or the size of the items does not suit the table.',
          },
        ),
      };
    if (performance.now() - this.#checkpointMs < CHECKPOINT_MS) return;
    this.#checkpointMs = performance.now();
    this.#save({ finished: false });
  }

  #save({ finished }: { finished: boolean }): void {
    const { seq, items, sizeBytes } = this.#task;
    const { lines, counts } = this.#mark;
    this.#options.ledger.setLoaded(seq, { items, bytes: sizeBytes }, { ...counts, linesDone: lines, finished });
  }
}
