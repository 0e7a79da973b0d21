import type { Sealer } from '../../staging/seal.ts';
import { differingAttributes } from './differing-attributes.ts';
import type { Candidate, DifferenceKind } from './differences.ts';
import type { ItemLookup } from './item-lookup.ts';
import type { SideReader } from './side-reader.ts';

/** How differing items are looked at once more, since a table may have been written between the reading of the two sides. */
export interface RecheckSettings {
  source: ItemLookup;
  target: ItemLookup;
  /** Differences beyond this many are reported as the scans found them. */
  itemsMax: number;
  /** The source key that an item with this target key has (both DynamoDB JSON); undefined where rules make it impossible to tell. */
  sourceKeyOf: (targetKey: Buffer) => Buffer | undefined;
}

/** What a second look tells: a difference, or that the sides agree on the item, which is or is not there. */
export type SecondLook = { kind: DifferenceKind; attributes?: string[] } | { kind: 'equal' } | { kind: 'gone' };

/** An item in the form that it has, or should have, at the target. */
interface TargetForm {
  digest: Buffer;
  bytes: Buffer;
}

/** Looks at differing items once more, one by one. */
export class Rechecker {
  readonly #settings: RecheckSettings;
  readonly #readers: Record<'source' | 'target', SideReader>;
  readonly #sealer: Sealer;

  /** `sealer` is the source's. */
  constructor(settings: RecheckSettings, readers: Record<'source' | 'target', SideReader>, sealer: Sealer) {
    this.#settings = settings;
    this.#readers = readers;
    this.#sealer = sealer;
  }

  /** Undefined where the keys that are needed are not known, and the item could not be looked at. */
  async look(candidate: Candidate, signal?: AbortSignal): Promise<SecondLook | undefined> {
    const { key } = candidate;
    if (key === undefined) return undefined;
    const sourceKey = this.#sourceKey(candidate, key);
    if (sourceKey === undefined) return this.#lookAtTarget(candidate, key, signal);
    const [sourceItem, targetItem] = await Promise.all([
      this.#settings.source.find(sourceKey, signal),
      this.#settings.target.find(key, signal),
    ]);
    const source = this.#form('source', sourceItem, candidate.keyHash);
    const target = this.#form('target', targetItem, candidate.keyHash);
    if (source === undefined) return { kind: target === undefined ? 'gone' : 'extra' };
    if (target === undefined) return { kind: 'missing' };
    if (source.digest.equals(target.digest)) return { kind: 'equal' };
    const { ignored } = this.#readers.target.digester;
    return { kind: 'different', attributes: differingAttributes(source.bytes, target.bytes, ignored) };
  }

  #sourceKey({ kind, sealedSourceKey }: Candidate, key: Buffer): Buffer | undefined {
    if (sealedSourceKey !== undefined) return this.#sealer.open(sealedSourceKey);
    // The source was read and had no key of its own: the same key on both sides.
    return kind === 'extra' ? this.#settings.sourceKeyOf(key) : key;
  }

  /** An extra item whose source key is not known: it can still have been deleted meanwhile. */
  async #lookAtTarget(candidate: Candidate, key: Buffer, signal?: AbortSignal): Promise<SecondLook | undefined> {
    if (candidate.kind !== 'extra') return undefined;
    const found = await this.#settings.target.find(key, signal);
    return { kind: found === undefined ? 'gone' : 'extra' };
  }

  /** Undefined where there is no such item, or where the policy no longer makes one with this key of it. */
  #form(side: 'source' | 'target', item: Buffer | undefined, keyHash: Buffer): TargetForm | undefined {
    if (item === undefined) return undefined;
    const reader = this.#readers[side];
    reader.view.read(item, 0);
    if (reader.read(reader.view) !== 'passed') return undefined;
    const { digester } = reader;
    if (!digester.keyHash.equals(keyHash)) return undefined;
    const { bytes, start, end } = digester.view;
    return { digest: digester.digest, bytes: Buffer.from(bytes.subarray(start, end)) };
  }
}
