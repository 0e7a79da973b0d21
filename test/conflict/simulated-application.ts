import type { StampAttributes } from '../../src/model/stamp.ts';
import type { Random } from '../world/random.ts';
import type { WireItem } from '../world/wire-table.ts';
import type { MemoryTable } from './memory-table.ts';
import type { RandomTurns } from './random-turns.ts';

const KEYS = 3;
const ITEMS_KEPT = 6;

export interface ApplicationOptions {
  table: MemoryTable;
  random: Random;
  turns: RandomTurns;
  origin: string;
  conflict: 'managed' | StampAttributes;
}

/**
 * Somebody who puts, changes and deletes a few items of a table, and puts items back as they were read some time ago, changed or not. It knows nothing of our marks: where it writes a whole item
 * that it has read, it carries along what was in it.
 */
export class SimulatedApplication {
  readonly #options: ApplicationOptions;
  readonly #kept: WireItem[] = [];
  #writes = 0;

  constructor(options: ApplicationOptions) {
    this.#options = options;
  }

  /** Forgets what it has read: nobody writes back what he has read before tombstones expired. */
  forget(): void {
    this.#kept.length = 0;
  }

  async act(): Promise<void> {
    const { random, turns, table } = this.#options;
    await turns.turn();
    const key = `k${random.integer(1, KEYS)}`;
    const item = table.items.get(key);
    const way = random.next();
    if (item !== undefined && way < 0.2) this.#keep(item);
    if (way < 0.35) return this.#write({ PK: { S: key }, ...this.#content() }, item);
    if (way < 0.55) return this.#write({ ...(item ?? { PK: { S: key } }), ...this.#content() }, item);
    if (way < 0.7) return this.#options.table.write(key, undefined);
    const kept = this.#kept[random.integer(0, Math.max(0, this.#kept.length - 1))];
    if (kept === undefined) return;
    // Somebody who keeps versions gives a write a new one; else it may be written back unchanged.
    const isChanged = this.#options.conflict !== 'managed' || random.next() < 0.5;
    this.#write(isChanged ? { ...kept, ...this.#content() } : kept, kept);
  }

  #keep(item: WireItem): void {
    this.#kept.push(item);
    if (this.#kept.length > ITEMS_KEPT) this.#kept.shift();
  }

  #content(): WireItem {
    return { x: { S: `${this.#options.origin} ${++this.#writes}` } };
  }

  /** `read` is what the application knows of the item. */
  #write(item: WireItem, read: WireItem | undefined): void {
    const { conflict, table, origin } = this.#options;
    table.write(item['PK']?.S ?? '', conflict === 'managed' ? item : this.#stamped(item, read, conflict, origin));
  }

  #stamped(item: WireItem, read: WireItem | undefined, { version, origin }: StampAttributes, by: string): WireItem {
    const next = Math.floor(Number(read?.[version]?.N ?? 0)) + 1;
    const unique = String(++this.#writes).padStart(6, '0');
    return { ...item, [version]: { N: `${next}.${unique}1` }, [origin]: { S: by } };
  }
}
