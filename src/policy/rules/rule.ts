import type { AttributeType } from '../../model/attribute.ts';
import type { ByteWriter } from '../../model/byte-writer.ts';

/** What holds of every value that comes out of a rule. Preflight checks key attributes against it. */
export interface RuleTraits {
  /** Two different values of one type never become the same value. */
  keepsUniqueness: boolean;
  /** The holder of the key, or everybody where there is none, can get the value back. */
  reversible: boolean;
  /** The same value always becomes the same value; without it, verification cannot recompute what the target should hold. */
  deterministic: boolean;
  /** The value's type stays as it is. */
  keepsType: boolean;
}

/** What can go into a policy's hash. */
export type Canonical =
  string | number | boolean | null | readonly Canonical[] | { readonly [name: string]: Canonical };

/** What is done to one attribute's value. */
export interface Rule {
  /** As migration.yaml writes it. */
  readonly name: string;
  readonly traits: RuleTraits;
  /** All that its outcome depends on, keys as fingerprints: goes into the policy's hash. */
  readonly parameters: Canonical;
  /** The type that a value of the type `input` comes out with; undefined where values of that type are refused, or where nothing is promised. */
  outputType(input: AttributeType): AttributeType | undefined;
  /**
   * Writes what becomes of the value whose `{` is at `start` and which ends at `end`; false when nothing does, and the attribute is dropped.
   * Throws Refusal when it cannot treat the value; what it has written by then is taken back by the caller.
   */
  write(bytes: Buffer, start: number, end: number, out: ByteWriter): boolean;
}

/** Thrown by a rule that cannot treat a value. The reason never holds the value. */
export class Refusal extends Error {
  readonly reason: string;
  constructor(reason: string) {
    super(reason);
    this.name = 'Refusal';
    this.reason = reason;
  }
}
