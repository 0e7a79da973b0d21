import { ByteWriter } from '../../model/byte-writer.ts';
import { ItemView } from '../../model/item.ts';
import { keyAttributes, type KeySchema } from '../../model/key.ts';
import { RuleError } from '../../policy/rule-error.ts';
import { ItemDigester, KeyJson } from './item-digester.ts';
import type { ItemPolicy, Subject } from './side.ts';

/** What becomes of an item: digested, kept back by the filter, or refused by a rule and therefore not expected at the target. */
export type Outcome = 'passed' | 'filtered' | 'refused';

/** What is remembered of an item whose bucket differs. */
export interface ItemTrace {
  /** The target key as DynamoDB JSON; undefined where the item has none. */
  key: Buffer | undefined;
  /** The source's own key as DynamoDB JSON, where it is another than the target key. */
  sourceKey: Buffer | undefined;
  /** Whether the policy's filter would have kept it back; undefined where that cannot be told. */
  failsFilter: boolean | undefined;
}

/** Turns one side's items into digests. */
export interface SideReader {
  /** Reads the items of a page for `read`. */
  readonly view: ItemView;
  readonly digester: ItemDigester;
  /** After 'passed', the digester holds the item's digests, until the next call. */
  read(item: ItemView): Outcome;
  /** Of the item last read, which must have passed. */
  trace(item: ItemView): ItemTrace;
}

/** Reads the source's items as the policy would let them through. */
export class SourceReader implements SideReader {
  readonly view: ItemView;
  readonly digester: ItemDigester;
  readonly #policy: ItemPolicy;
  readonly #out = new ByteWriter();
  readonly #sourceKey: KeyJson;

  /** `keySchema` is the source table's own. */
  constructor(policy: ItemPolicy, keySchema: KeySchema, subject: Subject) {
    this.#policy = policy;
    this.view = new ItemView(policy.names);
    this.digester = new ItemDigester(subject);
    this.#sourceKey = new KeyJson(keyAttributes(keySchema).map((attribute) => attribute.name));
  }

  read(item: ItemView): Outcome {
    this.#out.truncate(0);
    try {
      if (this.#policy.apply(item, this.#out) === 'filtered') return 'filtered';
    } catch (error) {
      if (error instanceof RuleError) return 'refused';
      throw error;
    }
    const { view } = this.digester;
    view.read(this.#out.peek(), 0);
    this.digester.read(view);
    return 'passed';
  }

  trace(item: ItemView): ItemTrace {
    const key = this.digester.keyJson(this.digester.view);
    const own = this.#sourceKey.read(item.bytes, item.start);
    const same = own !== undefined && key !== undefined && own.equals(key);
    return { key, sourceKey: same ? undefined : own, failsFilter: undefined };
  }
}

/** Says whether an item at the target matches the policy's filter. Only where no rule touches an attribute that the filter names. */
export interface TargetFilter {
  readonly names: ItemPolicy['names'];
  matches(item: ItemView): boolean;
}

/** Reads the target's items as they are. */
export class TargetReader implements SideReader {
  readonly view: ItemView;
  readonly digester: ItemDigester;
  readonly #filter: { view: ItemView; matches: (item: ItemView) => boolean } | undefined;

  constructor(subject: Subject, filter?: TargetFilter) {
    this.digester = new ItemDigester(subject);
    this.view = this.digester.view;
    this.#filter =
      filter === undefined ? undefined : { view: new ItemView(filter.names), matches: (item) => filter.matches(item) };
  }

  read(item: ItemView): Outcome {
    this.digester.read(item);
    return 'passed';
  }

  trace(item: ItemView): ItemTrace {
    return { key: this.digester.keyJson(item), sourceKey: undefined, failsFilter: this.#failsFilter(item) };
  }

  #failsFilter(item: ItemView): boolean | undefined {
    if (this.#filter === undefined) return undefined;
    this.#filter.view.read(item.bytes, item.start);
    return !this.#filter.matches(this.#filter.view);
  }
}
