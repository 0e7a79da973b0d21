import type { KeyRow, KeyStore } from './key-store.ts';

export type DifferenceKind = 'missing' | 'extra' | 'different';

/** An item that the two sides do not agree on. */
export interface Candidate {
  kind: DifferenceKind;
  keyHash: Buffer;
  key: Buffer | undefined;
  sealedSourceKey: string | undefined;
  failsFilter: boolean | undefined;
}

/** One that can be looked at: its key is known here. */
export interface KeyedCandidate extends Candidate {
  key: Buffer;
}

export function isKeyed(one: Candidate): one is KeyedCandidate {
  return one.key !== undefined;
}

/** A difference as it is reported. Attribute names, but never values other than the key's. */
export interface Difference {
  kind: DifferenceKind;
  /** Hexadecimal; the only thing known of a key that did not cross the border. */
  keyHash: string;
  /** The target key as DynamoDB JSON. */
  key?: string;
  /** The names of the attributes that differ, where both items were looked at again. */
  attributes?: string[];
  /** For how long the sides have been seen to differ, where the item was looked at again and again. */
  lastedMs?: number;
}

/**
 * Joins what was collected of both sides by key hash: calls `onEqual` with the number of items found equal, and yields the others. Memory is that of one slice.
 */
export function* joinKeys(store: KeyStore, onEqual: (items: number) => void): Generator<Candidate> {
  for (const slice of store.slices()) {
    const source = store.slice('source', slice);
    const target = store.slice('target', slice);
    let equal = 0;
    for (let s = 0, t = 0; s < source.length || t < target.length;) {
      const order = compareRows(source[s], target[t]);
      if (order < 0) yield candidate('missing', source[s++]);
      else if (order > 0) yield candidate('extra', target[t++]);
      else if (source[s].digest.equals(target[t].digest)) {
        equal++;
        s++;
        t++;
      } else yield { ...candidate('different', target[t++]), sealedSourceKey: source[s++].sealedSourceKey };
    }
    onEqual(equal);
  }
}

/** The side that has come to its end comes last. */
function compareRows(source: KeyRow | undefined, target: KeyRow | undefined): number {
  if (source === undefined) return 1;
  if (target === undefined) return -1;
  return Buffer.compare(source.keyHash, target.keyHash);
}

function candidate(kind: DifferenceKind, row: KeyRow): Candidate {
  const { keyHash, key, sealedSourceKey, failsFilter } = row;
  return { kind, keyHash, key, sealedSourceKey, failsFilter };
}

/** One line of the differences file. The key goes in as it stands, so that no number in it is changed. */
export function differenceLine({ kind, keyHash, key, attributes, lastedMs }: Difference): string {
  const fields = [`"kind":"${kind}"`, `"keyHash":"${keyHash}"`];
  if (key !== undefined) fields.push(`"key":${key}`);
  if (attributes !== undefined) fields.push(`"attributes":${JSON.stringify(attributes)}`);
  if (lastedMs !== undefined) fields.push(`"lastedMs":${lastedMs}`);
  return `{${fields.join(',')}}\n`;
}
