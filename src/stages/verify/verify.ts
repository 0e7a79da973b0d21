import { runPool } from '../../engine/pool.ts';
import type { KeySchema } from '../../model/key.ts';
import type { BucketSet } from './bucket-set.ts';
import { computeSideDigests } from './digest-pass.ts';
import { isKeyed, joinKeys, type Candidate } from './differences.ts';
import { collectKeys } from './key-pass.ts';
import { KeyStore } from './key-store.ts';
import { Rechecker, type RecheckSettings } from './recheck.ts';
import { settleDifferences } from './settle.ts';
import { compareDigests, comparisonFingerprint, type SideDigests } from './side-digests.ts';
import { SourceReader, TargetReader, type SideReader, type TargetFilter } from './side-reader.ts';
import { Tally } from './tally.ts';
import { VerifyFiles } from './verify-files.ts';
import { concludeVerification, type VerifyResult } from './verify-result.ts';
import type { ItemPolicy, SideName, SideSettings, Subject } from './side.ts';

export type { VerifyResult } from './verify-result.ts';

/** How far a verification is. */
export interface VerifyProgress {
  side: SideName;
  /** 'digests' reads everything; 'keys' reads it again where digests differ. */
  pass: 'digests' | 'keys';
  /** Items read in this pass. */
  items: number;
}

export interface VerifySettings {
  subject: Subject;
  /** `keySchema` is the source table's own. */
  source: SideSettings & { policy: ItemPolicy; keySchema: KeySchema };
  target: SideSettings & { filter?: TargetFilter };
  /** Where progress and the differences are kept. One verification at a time may use it. */
  folder: string;
  /** Where absent, differences are reported as the scans found them. */
  recheck?: RecheckSettings;
  /** How many differences are listed; all are counted. */
  differencesMax?: number;
  saveMs?: number;
  /** Wall clock, milliseconds since 1970. */
  nowMs: () => number;
  onProgress?: (progress: VerifyProgress) => void;
  signal?: AbortSignal;
}

const LOOKS_AT_ONCE = 8;

/**
 * Compares policy(source) with the target, item by item, within bounded memory. Stopped or killed, it goes on with the next call that has the same settings.
 * Throws what the sides throw; progress is saved then.
 */
export async function verify(settings: VerifySettings): Promise<VerifyResult> {
  const verification = new Verification(settings);
  return verification.run();
}

class Verification {
  readonly #settings: VerifySettings;
  readonly #files: VerifyFiles;
  readonly #readers: Record<SideName, SideReader>;

  constructor(settings: VerifySettings) {
    const { source, target, subject } = settings;
    this.#settings = settings;
    this.#files = new VerifyFiles(settings.folder);
    this.#readers = {
      source: new SourceReader(source.policy, source.keySchema, subject),
      target: new TargetReader(subject, target.filter),
    };
  }

  async run(): Promise<VerifyResult> {
    const digests = await this.#digests();
    const { differing, equal } = compareDigests(digests.source, digests.target);
    const tally = new Tally(equal, this.#settings.differencesMax);
    if (differing.count() > 0) await this.#goDownToKeys(digests, differing, tally);
    const knowsFilter = this.#settings.target.filter !== undefined;
    return concludeVerification(digests, differing, tally, knowsFilter, this.#files);
  }

  async #digests(): Promise<Record<SideName, SideDigests>> {
    const { source, target, subject, saveMs, nowMs } = this.#settings;
    const itemsEstimate = Math.max(source.items.itemsEstimate ?? 0, target.items.itemsEstimate ?? 0);
    const found: Partial<Record<SideName, SideDigests>> = {};
    await this.#atBothSides(async (side, signal) => {
      found[side] = await computeSideDigests(side, this.#settings[side], this.#readers[side], subject, {
        file: this.#files.digests(side),
        itemsEstimate,
        saveMs,
        nowMs,
        onItems: (items) => this.#settings.onProgress?.({ side, pass: 'digests', items }),
        signal,
      });
    });
    return found as Record<SideName, SideDigests>;
  }

  async #goDownToKeys(digests: Record<SideName, SideDigests>, differing: BucketSet, tally: Tally): Promise<void> {
    const isLive = this.#settings.recheck?.settle !== undefined;
    const fingerprint = comparisonFingerprint(digests, differing);
    const store = KeyStore.open(this.#files.keys, isLive ? `${fingerprint} target first` : fingerprint);
    const collect = (side: SideName, signal: AbortSignal | undefined): Promise<void> =>
      collectKeys(side, this.#settings[side], this.#readers[side], differing, store, {
        onItems: (items) => this.#settings.onProgress?.({ side, pass: 'keys', items }),
        signal,
      });
    try {
      if (isLive) {
        // The source has, or has had, all that is at the target: read later, it shows its own key of what has just been put.
        await collect('target', this.#settings.signal);
        await collect('source', this.#settings.signal);
      } else await this.#atBothSides(collect);
      await this.#join(store, tally);
    } finally {
      store.close();
    }
  }

  async #join(store: KeyStore, tally: Tally): Promise<void> {
    const { recheck, source, signal } = this.#settings;
    const candidates = joinKeys(store, (items) => {
      tally.equal += items;
    });
    if (recheck === undefined) {
      for (const candidate of candidates) tally.add(candidate);
      return;
    }
    const rechecker = new Rechecker(recheck, this.#readers, source.sealer);
    const scope = new AbortController();
    const either = anySignal(signal, scope.signal);
    if (recheck.settle !== undefined)
      return settleDifferences(candidates, {
        ...recheck.settle,
        look: (candidate) => rechecker.look(candidate, either),
        tally,
        looksAtOnce: LOOKS_AT_ONCE,
        waitingMax: recheck.itemsMax,
        scope,
        signal: either,
      });
    let looks = 0;
    const worker = async (candidate: Candidate): Promise<void> => {
      const look =
        isKeyed(candidate) && looks++ < recheck.itemsMax ? await rechecker.look(candidate, either) : undefined;
      tally.add(candidate, look);
    };
    await runPool(candidates, LOOKS_AT_ONCE, worker, scope);
  }

  /** The first side that fails stops the other, and is waited for, so that both have saved their progress. */
  async #atBothSides(work: (side: SideName, signal: AbortSignal) => Promise<void>): Promise<void> {
    const scope = new AbortController();
    const signal = anySignal(this.#settings.signal, scope.signal);
    await runPool(['source', 'target'] as const, 2, (side) => work(side, signal), scope);
  }
}

function anySignal(outer: AbortSignal | undefined, inner: AbortSignal): AbortSignal {
  return outer === undefined ? inner : AbortSignal.any([outer, inner]);
}
