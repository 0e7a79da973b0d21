import type { Sealer } from '../../staging/seal.ts';
import { differingAttributes } from './differing-attributes.ts';
import type { DifferenceKind, KeyedCandidate } from './differences.ts';
import type { ItemLookup } from './item-lookup.ts';
import type { SettleSettings } from './settle.ts';
import type { SideReader } from './side-reader.ts';

/** How differing items are looked at once more, since a table may have been written between the reading of the two sides. */
export interface RecheckSettings {
  source: ItemLookup;
  target: ItemLookup;
  /** Differences beyond this many are reported as the scans found them; with `settle`, those beyond this many at a time as one look found them. */
  itemsMax: number;
  /** Of tables that are written to: look again and again. */
  settle?: SettleSettings;
  /** The source key that an item with this target key has (both DynamoDB JSON); undefined where rules make it impossible to tell. */
  sourceKeyOf: (targetKey: Buffer) => Buffer | undefined;
}

/** What one look at both sides tells. */
export interface Look {
  /** A difference, or that the sides agree on the item, which is or is not there. */
  kind: DifferenceKind | 'equal' | 'gone';
  /** The names of the attributes that differ, where the kind is `different`. */
  attributes?: string[];
  /** What each side holds: the same text for the same item, empty where there is none. Undefined at the source where the key there is not known. */
  source: string | undefined;
  target: string;
}

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

  async look(candidate: KeyedCandidate, signal?: AbortSignal): Promise<Look> {
    const { key } = candidate;
    const sourceKey = this.#sourceKey(candidate);
    if (sourceKey === undefined) return this.#lookAtTarget(candidate, signal);
    const [sourceItem, targetItem] = await Promise.all([
      this.#settings.source.find(sourceKey, signal),
      this.#settings.target.find(key, signal),
    ]);
    const source = this.#form('source', sourceItem, candidate.keyHash);
    const target = this.#form('target', targetItem, candidate.keyHash);
    const versions = { source: versionOf(source), target: versionOf(target) };
    if (source === undefined) return { kind: target === undefined ? 'gone' : 'extra', ...versions };
    if (target === undefined) return { kind: 'missing', ...versions };
    if (versions.source === versions.target) return { kind: 'equal', ...versions };
    const { ignored } = this.#readers.target.digester;
    return { kind: 'different', attributes: differingAttributes(source.bytes, target.bytes, ignored), ...versions };
  }

  #sourceKey({ kind, key, sealedSourceKey }: KeyedCandidate): Buffer | undefined {
    if (sealedSourceKey !== undefined) return this.#sealer.open(sealedSourceKey);
    // The source was read and had no key of its own: the same key on both sides.
    return kind === 'extra' ? this.#settings.sourceKeyOf(key) : key;
  }

  /** An extra item whose source key is not known: it can still have been deleted meanwhile. */
  async #lookAtTarget({ key, keyHash }: KeyedCandidate, signal?: AbortSignal): Promise<Look> {
    const target = versionOf(this.#form('target', await this.#settings.target.find(key, signal), keyHash));
    return { kind: target === '' ? 'gone' : 'extra', source: undefined, target };
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

function versionOf(form: TargetForm | undefined): string {
  return form?.digest.toString('latin1') ?? '';
}
