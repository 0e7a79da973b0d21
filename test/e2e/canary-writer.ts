import { DeleteItemCommand, PutItemCommand, UpdateItemCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';
import type { SiteName } from '../world/site.ts';
import type { WorldSite } from '../world/world-site.ts';

export type Item = Record<string, AttributeValue>;

/** Each stands for one place of a site's table or of its stream where personal data lies, and must be found nowhere but there. */
export interface Canaries {
  keptBackKey: string;
  keptBackText: string;
  keptBackBinary: string;
  keptBackNumber: string;
  oldImage: string;
  hashedKey: string;
  dropped: string;
  hashed: string;
  thrown: string;
  refusedKey: string;
}

export function canariesOf(site: SiteName): Canaries {
  const prefix = site === 'source' ? 'canaryOfSource' : 'canaryOfTarget';
  return {
    keptBackKey: `${prefix}KeptBackKey`,
    keptBackText: `${prefix}KeptBackText`,
    keptBackBinary: `${prefix}KeptBackBinary`,
    keptBackNumber: (site === 'source' ? '7654321' : '9876542').repeat(4),
    oldImage: `${prefix}OldImage`,
    hashedKey: `${prefix}HashedKey`,
    dropped: `${prefix}Dropped`,
    hashed: `${prefix}Govid`,
    thrown: `${prefix}Thrown`,
    refusedKey: `${prefix}RefusedKey`,
  };
}

/** A function for rules, which throws what it should hide. */
export const throwing = `export default (value) => {
  const error = new Error(\`cannot treat \${value.S}\`);
  error.stack += value.S;
  throw error;
};
`;

export interface CanaryWriterOptions {
  site: WorldSite;
  table: string;
  canaries: Canaries;
  /** What the application keeps in every write of its own accord; nothing where left out. */
  stamp?: () => Item;
}

/** An application whose items have canaries wherever a policy is to hide something. */
export class CanaryWriter {
  readonly canaries: Canaries;
  readonly #site: WorldSite;
  readonly #table: string;
  readonly #stamp: () => Item;

  constructor({ site, table, canaries, stamp = () => ({}) }: CanaryWriterOptions) {
    this.canaries = canaries;
    this.#site = site;
    this.#table = table;
    this.#stamp = stamp;
  }

  /** Outside of the filter: everything in it is a canary. */
  keptBack(key: string, what = this.canaries.keptBackText): Item {
    return { PK: { S: key }, ...this.#keptBack(what) };
  }

  /** In the filter: rules hide `sex` and `govid`. */
  passing(key: string, harmless: string): Item {
    return { PK: { S: key }, country: { S: 'China' }, harmless: { S: harmless }, ...this.#hidden() };
  }

  /** A whole item; what it has of a stamp stays. */
  async put(item: Item): Promise<void> {
    const Item = { ...this.#stamp(), ...item };
    await this.#site.dynamodb.send(new PutItemCommand({ TableName: this.#table, Item }));
  }

  async remove(key: string): Promise<void> {
    await this.#site.dynamodb.send(new DeleteItemCommand({ TableName: this.#table, Key: { PK: { S: key } } }));
  }

  /** Other canaries in what rules hide. */
  change(key: string): Promise<void> {
    return this.#update(key, this.#hidden());
  }

  /** Out of the filter, without another item's being put. */
  moveOut(key: string): Promise<void> {
    return this.#update(key, { ...this.#keptBack(this.canaries.keptBackText), ...this.#hidden() });
  }

  /** Writes of all the kinds that a policy treats, to some keys of this number's own. */
  async writeAll(n: number): Promise<void> {
    const { keptBackKey, hashedKey, refusedKey, oldImage, thrown } = this.canaries;
    // Never passes: written, changed, deleted.
    await this.put(this.keptBack(`${keptBackKey}${n}`));
    await this.put(this.keptBack(`${keptBackKey}${n}`, oldImage));
    if (n % 2 === 0) await this.remove(`${keptBackKey}${n}`);
    // Comes in from outside, and goes out again.
    await this.put(this.keptBack(`${hashedKey}${n}`, oldImage));
    await this.put(this.passing(`${hashedKey}${n}`, `harmless ${n}`));
    if (n % 3 === 0) await this.put(this.keptBack(`${hashedKey}${n}`));
    if (n % 3 === 1) await this.remove(`${hashedKey}${n}`);
    if (n % 10 === 0) await this.put({ ...this.passing(`${refusedKey}${n}`, 'x'), nick: { S: thrown } });
  }

  #keptBack(what: string): Item {
    return {
      country: { S: 'Germany' },
      name: { S: what },
      photo: { B: Buffer.from(this.canaries.keptBackBinary) },
      height: { N: this.canaries.keptBackNumber },
    };
  }

  #hidden(): Item {
    return { sex: { S: this.canaries.dropped }, govid: { S: this.canaries.hashed } };
  }

  async #update(key: string, changes: Item): Promise<void> {
    const values = Object.entries({ ...this.#stamp(), ...changes });
    const AttributeUpdates = Object.fromEntries(
      values.map(([name, Value]) => [name, { Action: 'PUT' as const, Value }]),
    );
    await this.#site.dynamodb.send(
      new UpdateItemCommand({ TableName: this.#table, Key: { PK: { S: key } }, AttributeUpdates }),
    );
  }
}
