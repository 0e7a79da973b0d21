import { gunzipSync, gzipSync } from 'node:zlib';
import type { RefusedItem } from '../../dynamodb/put-items.ts';
import { DynaferryError } from '../../model/errors.ts';
import { ByteWriter } from '../../model/byte-writer.ts';
import { forEachMember } from '../../model/json-bytes.ts';
import { readStamp, writeStamp } from '../../model/stamp.ts';
import type { S3Bucket } from '../../s3/bucket.ts';
import { sha256Hex } from '../../staging/data-object.ts';
import type { ExportLayout } from '../../staging/layout.ts';
import type { KeyChange } from './change-fold.ts';

/** Their names are held in memory; whatever refuses so many changes is mended before more are set aside. */
const LETTERS_MAX = 100_000;

/** A change that was set aside. */
export interface DeadLetter {
  name: string;
  change: SetAside;
}

type SetAside = Omit<KeyChange, 'identity'>;

/**
 * The changes that DynamoDB refuses, in the target's staging: for each key the last one, `{"Item":{…},"code":"…","reason":"…"}`, or `{"Key":{…},…}` where it deletes;
 * one that has a stamp has `Stamp` and `Keys`, too. They passed the
 * policy, so they may lie there. A letter's name is made of its key, so that a later change of the key takes its place or removes it: what
 * lies there is always what is missing at the target, and may be tried again without taking a key back.
 */
export class DeadLetters {
  readonly #bucket: S3Bucket;
  readonly #prefix: string;
  readonly #names: Set<string>;

  private constructor(bucket: S3Bucket, prefix: string, names: Set<string>) {
    this.#bucket = bucket;
    this.#prefix = prefix;
    this.#names = names;
  }

  static async open(bucket: S3Bucket, layout: ExportLayout, signal: AbortSignal): Promise<DeadLetters> {
    const prefix = `${layout.root}dynaferry/dead-letters/apply-`;
    const names = new Set<string>();
    for await (const { key } of bucket.list(prefix, { signal })) names.add(key.slice(prefix.length));
    return new DeadLetters(bucket, prefix, names);
  }

  /** Keys whose last change is set aside. */
  get size(): number {
    return this.#names.size;
  }

  /** Sets a change aside, in place of an earlier one of its key; resolves when it is durable. Throws DEAD_LETTERS where there are too many. */
  async add(change: KeyChange, { code, reason }: RefusedItem, signal: AbortSignal): Promise<void> {
    const name = nameOf(change);
    if (!this.#names.has(name) && this.#names.size >= LETTERS_MAX)
      throw new DynaferryError('DEAD_LETTERS', `the target has refused ${LETTERS_MAX} changes; stopped`, {
        fix: 'Read the dead letters in the target staging, mend what refuses them, and run `dynaferry apply --retry-dead-letters`.',
      });
    const json = change.bytes.toString('utf8', change.start, change.end);
    const what = change.deletes === true ? 'Key' : 'Item';
    const line = `{"${what}":${json},"code":${JSON.stringify(code)},"reason":${JSON.stringify(reason)}${stampText(change)}}\n`;
    await this.#bucket.put(this.#prefix + name, gzipSync(line), { contentType: 'application/json', signal });
    this.#names.add(name);
  }

  /** A key's last change is at the target: what was set aside before is nothing to try again. */
  async settle(change: KeyChange, signal: AbortSignal): Promise<void> {
    if (this.#names.size === 0) return;
    await this.remove(nameOf(change), signal);
  }

  /** Removes a letter, where there is one of this name. */
  async remove(name: string, signal: AbortSignal): Promise<void> {
    if (!this.#names.has(name)) return;
    await this.#bucket.delete(this.#prefix + name, signal);
    this.#names.delete(name);
  }

  /** All letters, one after the other; those that are removed meanwhile may be among them. */
  async *letters(signal: AbortSignal): AsyncGenerator<DeadLetter> {
    const names = [...this.#names];
    for (const name of names) {
      const { body } = await this.#bucket.get(this.#prefix + name, { signal });
      yield { name, change: readLetter(gunzipSync(body)) };
    }
  }
}

/** Two keys have the same name never, as far as SHA-256 goes. */
function nameOf({ identity }: KeyChange): string {
  return `${sha256Hex(Buffer.from(identity)).slice(0, 32)}.json.gz`;
}

/** What a letter of a change with a stamp has besides. */
function stampText({ stamp, bytes, keyStart, keyEnd }: KeyChange): string {
  if (stamp === undefined) return '';
  const out = new ByteWriter(256);
  writeStamp(stamp, out);
  return `,"Stamp":${out.peek().toString('utf8')},"Keys":${bytes.toString('utf8', keyStart, keyEnd)}`;
}

function readLetter(bytes: Buffer): SetAside {
  const change: Partial<SetAside> = {};
  forEachMember(bytes, 0, (nameStart, nameEnd, start, end) => {
    const name = bytes.toString('latin1', nameStart, nameEnd);
    if (name === 'Item') Object.assign(change, { start, end });
    else if (name === 'Key') Object.assign(change, { start, end, keyStart: start, keyEnd: end, deletes: true });
    else if (name === 'Keys') Object.assign(change, { keyStart: start, keyEnd: end });
    else if (name === 'Stamp') change.stamp = readStamp(bytes, start, end);
  });
  const { start, end, keyStart = -1, keyEnd = -1 } = change;
  if (start === undefined || end === undefined)
    throw new DynaferryError('DATA_DAMAGED', 'a dead letter of the target holds no change');
  return { ...change, bytes, start, end, keyStart, keyEnd };
}
