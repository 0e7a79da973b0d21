import { stampValues, type Stamp, type StampAttributes } from '../model/stamp.ts';
import { MARK } from './mark.ts';
import type { Condition } from './stamped-table.ts';

/** Where items have their stamps: in two attributes of the application's, or in our mark. */
export type StampPlace = StampAttributes | 'mark';

/** Makes the expressions of one request. Each name and value is there only where an expression has it: DynamoDB refuses others. */
export class ConditionExpression {
  readonly #place: StampPlace;
  readonly #keyName: string;
  readonly #names: Record<string, string> = {};
  readonly #values: Record<string, unknown> = {};

  constructor(place: StampPlace, keyName: string) {
    this.#place = place;
    this.#keyName = keyName;
  }

  /** Holds where one of the conditions does; with `exists` also an item must be there. */
  anyOf(conditions: readonly Condition[], { exists = false } = {}): string {
    const any = conditions.map((condition) => `(${this.#text(condition)})`).join(' OR ');
    if (!exists) return any;
    // DynamoDB refuses two pairs of parentheses around one thing.
    return `attribute_exists(${this.#key}) AND ${conditions.length === 1 ? any : `(${any})`}`;
  }

  /** `SET` of the mark to this value. */
  set(mark: Buffer): string {
    return `SET ${this.name(MARK)} = ${this.#value(JSON.parse(mark.toString('utf8')))}`;
  }

  /** A placeholder for a name. */
  name(name: string): string {
    const known = Object.keys(this.#names).find((placeholder) => this.#names[placeholder] === name);
    const placeholder = known ?? `#n${Object.keys(this.#names).length}`;
    this.#names[placeholder] = name;
    return placeholder;
  }

  /** What the request says of names and values. */
  get attributes(): object {
    return {
      ExpressionAttributeNames: this.#names,
      ...(Object.keys(this.#values).length > 0 && { ExpressionAttributeValues: this.#values }),
    };
  }

  get #key(): string {
    return this.name(this.#keyName);
  }

  get #version(): string {
    return this.#place === 'mark' ? this.#inMark('v') : this.name(this.#place.version);
  }

  get #origin(): string {
    return this.#place === 'mark' ? this.#inMark('o') : this.name(this.#place.origin);
  }

  #inMark(name: string): string {
    return `${this.name(MARK)}.${this.name(name)}`;
  }

  #value(value: unknown): string {
    const placeholder = `:v${Object.keys(this.#values).length}`;
    this.#values[placeholder] = value;
    return placeholder;
  }

  #text(condition: Condition): string {
    switch (condition.is) {
      case 'absent':
        return `attribute_not_exists(${this.#key})`;
      case 'unstamped':
        return `NOT (${this.#isType(this.#origin, 'S')} AND (${this.#isType(this.#version, 'N')} OR ${this.#isType(this.#version, 'S')}))`;
      case 'older':
        return this.#before(condition.than, '<');
      case 'older or same':
        return this.#before(condition.as, '<=');
      case 'marked':
        return `${this.name(MARK)} = ${this.#value(JSON.parse(condition.with.toString('utf8')))}`;
      case 'settled before':
        return this.#settledBefore(condition.stamp);
      default:
        return condition satisfies never;
    }
  }

  #settledBefore(stamp: Stamp): string {
    const { v, o } = stampValues(stamp);
    const untouched = ['d', 'r'].map((flag) => `attribute_not_exists(${this.#inMark(flag)})`).join(' AND ');
    return `${this.#origin} = ${this.#value(o)} AND ${this.#version} < ${this.#value(v)} AND ${untouched}`;
  }

  #before(stamp: Stamp, operator: '<' | '<='): string {
    const values = stampValues(stamp);
    const v = this.#value(values.v);
    const sameVersion = `${this.#version} = ${v} AND ${this.#origin} ${operator} ${this.#value(values.o)}`;
    // Values of different types are never less than each other, and numbers come before texts.
    const otherType = stamp.type === 'S' ? `${this.#isType(this.#version, 'N')} OR ` : '';
    return `${this.#isType(this.#origin, 'S')} AND (${otherType}${this.#version} < ${v} OR (${sameVersion}))`;
  }

  #isType(path: string, type: string): string {
    return `attribute_type(${path}, ${this.#value({ S: type })})`;
  }
}
