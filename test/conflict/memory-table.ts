import type { StampPlace } from '../../src/conflict/condition-expression.ts';
import type { Condition, JsonRange, StampedTable } from '../../src/conflict/stamped-table.ts';
import { compareStamps, stampOf, type Stamp } from '../../src/model/stamp.ts';
import { wireJson, type WireItem, type WireValue } from '../world/wire-table.ts';

/** A table with the key `PK` (S) in memory, and its stream. */
export class MemoryTable implements StampedTable {
  readonly items = new Map<string, WireItem>();
  /** The stream's records as JSON text. */
  readonly records: string[] = [];
  /** What the service's clock says, in milliseconds since 1970. */
  now: () => number = () => Date.now();
  readonly #place: StampPlace;

  constructor(place: StampPlace) {
    this.#place = place;
  }

  put(item: JsonRange, conditions: readonly Condition[]): Promise<boolean> {
    const parsed = parse(item);
    return this.#do(keyOf(parsed), conditions, false, () => this.write(keyOf(parsed), parsed));
  }

  delete(key: JsonRange, conditions: readonly Condition[]): Promise<boolean> {
    return this.#do(keyOf(parse(key)), conditions, false, () => this.write(keyOf(parse(key)), undefined));
  }

  mark(key: JsonRange, mark: Buffer, conditions: readonly Condition[]): Promise<boolean> {
    const name = keyOf(parse(key));
    return this.#do(name, conditions, true, () =>
      this.write(name, { ...this.items.get(name), _dynaferry: JSON.parse(mark.toString()) as WireValue }),
    );
  }

  async read(key: JsonRange): Promise<Buffer | undefined> {
    const item = this.items.get(keyOf(parse(key)));
    return item && Buffer.from(JSON.stringify(item));
  }

  /** Whoever writes: what changes nothing is no record of the stream. */
  write(key: string, item: WireItem | undefined): void {
    const before = this.items.get(key);
    if (item === undefined) this.items.delete(key);
    else this.items.set(key, item);
    if ((before && wireJson(before)) !== (item && wireJson(item))) this.records.push(this.#record(key, before, item));
  }

  async #do(key: string, conditions: readonly Condition[], needsItem: boolean, write: () => void): Promise<boolean> {
    const item = this.items.get(key);
    const holds = (!needsItem || item !== undefined) && conditions.some((condition) => this.#holds(item, condition));
    if (holds) write();
    return holds;
  }

  #stamp(item: WireItem | undefined): Stamp | undefined {
    const place = this.#place;
    if (place !== 'mark') return stampOf(part(item?.[place.version]), part(item?.[place.origin]));
    const map = item?.['_dynaferry']?.M;
    return stampOf(part(map?.['v']), part(map?.['o']));
  }

  #holds(item: WireItem | undefined, condition: Condition): boolean {
    const stamp = this.#stamp(item);
    const mark = item?.['_dynaferry'];
    switch (condition.is) {
      case 'absent':
        return item === undefined;
      case 'unstamped':
        return stamp === undefined;
      case 'older':
        return stamp !== undefined && compareStamps(stamp, condition.than) < 0;
      case 'older or same':
        return stamp !== undefined && compareStamps(stamp, condition.as) <= 0;
      case 'marked':
        return (
          mark !== undefined &&
          wireJson({ mark }) === wireJson({ mark: JSON.parse(condition.with.toString()) as WireValue })
        );
      case 'settled before':
        return (
          stamp?.origin === condition.stamp.origin &&
          compareStamps(stamp, condition.stamp) < 0 &&
          mark?.M?.['d'] === undefined &&
          mark?.M?.['r'] === undefined
        );
      default:
        return condition satisfies never;
    }
  }

  #record(key: string, before: WireItem | undefined, after: WireItem | undefined): string {
    return JSON.stringify({
      dynamodb: {
        ApproximateCreationDateTime: Math.floor(this.now() / 1000),
        Keys: { PK: { S: key } },
        NewImage: after,
        OldImage: before,
        SequenceNumber: String(this.records.length + 1),
      },
    });
  }
}

function parse({ bytes, start, end }: JsonRange): WireItem {
  return JSON.parse(bytes.toString('utf8', start, end)) as WireItem;
}

function keyOf(item: WireItem): string {
  return item['PK']?.S ?? '';
}

function part(value: WireValue | undefined): Record<string, unknown> | undefined {
  return value as Record<string, unknown> | undefined;
}
