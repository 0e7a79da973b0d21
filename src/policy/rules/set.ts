import type { AttributeType } from '../../model/attribute.ts';
import type { ByteWriter } from '../../model/byte-writer.ts';
import { stableJson } from '../value-json.ts';
import type { AttributeValue } from '../filter/attribute-value.ts';
import type { Canonical, Rule, RuleTraits } from './rule.ts';

/** Replaces whatever value the attribute has by one literal. An item that lacks the attribute goes on lacking it. */
export class SetRule implements Rule {
  readonly name = 'set';
  readonly traits: RuleTraits = { keepsUniqueness: false, reversible: false, deterministic: true, keepsType: false };
  readonly parameters: Canonical;
  readonly #json: Buffer;
  readonly #type: AttributeType;

  constructor(literal: AttributeValue) {
    this.parameters = stableJson(literal);
    this.#json = Buffer.from(JSON.stringify(literal), 'utf8');
    this.#type = Object.keys(literal)[0] as AttributeType;
  }

  outputType(): AttributeType {
    return this.#type;
  }

  write(_bytes: Buffer, _start: number, _end: number, out: ByteWriter): boolean {
    out.copy(this.#json, 0, this.#json.length);
    return true;
  }
}
