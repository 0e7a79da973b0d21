import { ByteWriter } from '../../model/byte-writer.ts';
import { DynaferryError } from '../../model/errors.ts';
import { readIfThere, writeAtomically } from './atomic-file.ts';
import { BucketTable, bucketBitsFor } from './bucket-table.ts';
import { decodeDigests, encodeDigests } from './digest-object.ts';
import { DIGEST_BYTES } from '../../model/item-digest.ts';
import { checkPositions, newPositions, positionBehind, readSegments } from './segments.ts';
import { factsOf, type DigestFacts, type SideDigests } from './side-digests.ts';
import type { ItemPage, SideName, SideSettings, Subject } from './side.ts';
import type { SideReader } from './side-reader.ts';

export interface DigestPassOptions {
  /** Where progress is kept while the pass runs, and its result afterwards, until it is removed. */
  file: string;
  /** How many items the larger side has, about: decides on the number of buckets. */
  itemsEstimate: number;
  saveMs?: number;
  /** Wall clock, milliseconds since 1970. */
  nowMs: () => number;
  /** Hears how many items have been read, those that the filter kept back included. */
  onItems?: (items: number) => void;
  signal?: AbortSignal;
}

const SAVE_MS = 10_000;
/** What was read longer ago says too little about what the table holds now. */
const RESUME_MS_MAX = 24 * 3600_000;

/**
 * The first pass over one side: reads all of it and digests it by buckets. Progress is saved every so often and when the pass fails or is
 * stopped, and the next call goes on from there.
 */
export async function computeSideDigests(
  name: SideName,
  side: SideSettings,
  reader: SideReader,
  subject: Subject,
  options: DigestPassOptions,
): Promise<SideDigests> {
  const fresh = newDigests(name, side, subject, options);
  const digests = (await loadProgress(side, options, fresh.facts)) ?? fresh;
  const { positions } = digests.facts;
  if (positions === undefined) return digests;
  const pages = new PageAdder(digests, reader);
  const saver = new ProgressSaver(digests, options);
  const onPage = (segment: number, page: ItemPage): void => {
    positions[segment] = positionBehind(side, pages.add(page));
    options.onItems?.(itemsRead(digests.facts));
    saver.saveIfDue();
  };
  try {
    await readSegments(side, positions, onPage, options.signal);
    delete digests.facts.positions;
  } finally {
    await saver.save();
  }
  return digests;
}

function newDigests(name: SideName, side: SideSettings, subject: Subject, options: DigestPassOptions): SideDigests {
  const bucketBits = bucketBitsFor(options.itemsEstimate);
  const facts: DigestFacts = {
    side: name,
    of: side.of,
    ...factsOf(subject),
    bucketBits,
    items: 0,
    filtered: 0,
    refused: 0,
    startedMs: options.nowMs(),
    positions: newPositions(side.items.segments),
  };
  return { facts, table: new BucketTable(bucketBits) };
}

/** What an earlier call left, if it was about the same and not too long ago. */
async function loadProgress(
  side: SideSettings,
  options: DigestPassOptions,
  wanted: DigestFacts,
): Promise<SideDigests | undefined> {
  const saved = await readIfThere(options.file);
  if (saved === undefined) return undefined;
  try {
    const digests = await decodeDigests(saved, options.file);
    checkPositions(side, digests.facts.positions);
    return isContinuation(digests.facts, wanted) ? digests : undefined;
  } catch (error) {
    // Damaged, of another version, or sealed with another key: reading again is always right.
    if (error instanceof DynaferryError) return undefined;
    throw error;
  }
}

function isContinuation(saved: DigestFacts, wanted: DigestFacts): boolean {
  const identity = (facts: DigestFacts): string => JSON.stringify([facts.side, facts.of, factsOf(facts)]);
  return (
    identity(saved) === identity(wanted) &&
    wanted.startedMs - saved.startedMs < RESUME_MS_MAX &&
    (saved.positions === undefined || saved.positions.length === wanted.positions?.length)
  );
}

/** Adds pages to the digests, each whole or not at all, so that progress saved after a failure holds no half page. */
class PageAdder {
  readonly #digests: SideDigests;
  readonly #reader: SideReader;
  readonly #scratch = new ByteWriter();

  constructor(digests: SideDigests, reader: SideReader) {
    this.#digests = digests;
    this.#reader = reader;
  }

  /** Returns the checkpoint behind the page. */
  add(page: ItemPage): Buffer | undefined {
    const { view, digester } = this.#reader;
    const scratch = this.#scratch;
    scratch.truncate(0);
    let refused = 0;
    const { read, checkpoint } = page.forEach(view, (item) => {
      const outcome = this.#reader.read(item);
      if (outcome === 'refused') refused++;
      if (outcome !== 'passed') return;
      scratch.copy(digester.keyHash, 0, DIGEST_BYTES);
      scratch.copy(digester.digest, 0, DIGEST_BYTES);
    });
    this.#count(scratch.peek(), read, refused);
    return checkpoint;
  }

  #count(digests: Buffer, read: number, refused: number): void {
    const { facts, table } = this.#digests;
    for (let at = 0; at < digests.length; at += 2 * DIGEST_BYTES) table.add(digests, at);
    const passed = digests.length / (2 * DIGEST_BYTES);
    facts.items += passed;
    facts.refused += refused;
    facts.filtered += read - passed - refused;
  }
}

function itemsRead({ items, filtered, refused }: DigestFacts): number {
  return items + filtered + refused;
}

/** Saves one after the other, each what stood in table and positions at one moment. */
class ProgressSaver {
  readonly #digests: SideDigests;
  readonly #options: DigestPassOptions;
  #savedMs: number;
  #saving: Promise<void> = Promise.resolve();
  #busy = false;
  #failure: { error: unknown } | undefined;

  constructor(digests: SideDigests, options: DigestPassOptions) {
    this.#digests = digests;
    this.#options = options;
    this.#savedMs = options.nowMs();
  }

  /** Begins to save where the last time is long ago; throws what an earlier save failed with. */
  saveIfDue(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
    const nowMs = this.#options.nowMs();
    if (this.#busy || nowMs - this.#savedMs < (this.#options.saveMs ?? SAVE_MS)) return;
    this.#savedMs = nowMs;
    this.#busy = true;
    this.#saving = this.#write()
      .catch((error: unknown) => {
        this.#failure = { error };
      })
      .finally(() => {
        this.#busy = false;
      });
  }

  async save(): Promise<void> {
    await this.#saving;
    await this.#write();
  }

  async #write(): Promise<void> {
    await writeAtomically(this.#options.file, await encodeDigests(this.#digests));
  }
}
