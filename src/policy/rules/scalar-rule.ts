import { newValueRange, readValue, type AttributeType, type ValueRange } from '../../model/attribute.ts';
import type { ByteWriter } from '../../model/byte-writer.ts';
import { CLOSE_BRACE, CLOSE_BRACKET, COMMA, decodeString, forEachElement } from '../../model/json-bytes.ts';
import { hasEscapes } from '../filter/located-value.ts';
import { Refusal, type Canonical, type Rule, type RuleTraits } from './rule.ts';

type ScalarType = 'S' | 'N' | 'B';

/** What a rule makes of one string, number or binary value. */
export interface ScalarTreatment {
  /** The type that comes out. */
  to: ScalarType;
  /** From content to content: text for S, decimal text for N, base64 for B. Throws Refusal. */
  treat(content: string): string;
}

/** What distinguishes one rule on scalars from another. A type without a treatment is refused. */
export interface ScalarRuleDefinition {
  name: string;
  traits: RuleTraits;
  parameters: Canonical;
  treatments: Partial<Record<ScalarType, ScalarTreatment>>;
}

/**
 * A rule that treats strings, numbers and binary, and sets and lists of them element by element. Set members that become equal
 * become one. NULL stays, for it holds no value; BOOL and maps are refused.
 */
export class ScalarRule implements Rule {
  readonly name: string;
  readonly traits: RuleTraits;
  readonly parameters: Canonical;
  readonly #treatments: Partial<Record<ScalarType, ScalarTreatment>>;
  readonly #range = newValueRange();

  constructor(definition: ScalarRuleDefinition) {
    this.name = definition.name;
    this.traits = definition.traits;
    this.parameters = definition.parameters;
    this.#treatments = definition.treatments;
  }

  outputType(input: AttributeType): AttributeType | undefined {
    switch (input) {
      case 'S':
      case 'N':
      case 'B':
        return this.#treatments[input]?.to;
      case 'SS':
      case 'NS':
      case 'BS': {
        const to = this.#treatments[memberType(input)]?.to;
        return to === undefined ? undefined : `${to}S`;
      }
      case 'L':
      case 'NULL':
        return input;
      default:
        return undefined;
    }
  }

  write(bytes: Buffer, start: number, end: number, out: ByteWriter): boolean {
    const value = readValue(bytes, start, this.#range);
    switch (value.type) {
      case 'S':
      case 'N':
      case 'B':
        this.#writeScalar(bytes, value, out);
        break;
      case 'SS':
      case 'NS':
      case 'BS':
        this.#writeSet(bytes, value.start, value.type, out);
        break;
      case 'L':
        this.#writeList(bytes, value.start, out);
        break;
      case 'NULL':
        out.copy(bytes, start, end);
        break;
      default:
        throw new Refusal(`it cannot treat a value of type ${value.type}`);
    }
    return true;
  }

  #treatment(type: ScalarType, valueType: AttributeType): ScalarTreatment {
    const treatment = this.#treatments[type];
    if (treatment === undefined) throw new Refusal(`it cannot treat a value of type ${valueType}`);
    return treatment;
  }

  #writeScalar(bytes: Buffer, value: ValueRange, out: ByteWriter): void {
    const treatment = this.#treatment(value.type as ScalarType, value.type);
    const content = treatment.treat(textOf(bytes, value.start, value.end));
    out.ascii(`{"${treatment.to}":`);
    out.jsonString(content);
    out.byte(CLOSE_BRACE);
  }

  #writeSet(bytes: Buffer, at: number, type: 'SS' | 'NS' | 'BS', out: ByteWriter): void {
    const treatment = this.#treatment(memberType(type), type);
    const members = new Set<string>();
    forEachElement(bytes, at, (start, end) => {
      members.add(treatment.treat(textOf(bytes, start + 1, end - 1)));
    });
    out.ascii(`{"${treatment.to}S":[`);
    let first = true;
    for (const member of members) {
      if (!first) out.byte(COMMA);
      first = false;
      out.jsonString(member);
    }
    out.byte(CLOSE_BRACKET);
    out.byte(CLOSE_BRACE);
  }

  #writeList(bytes: Buffer, at: number, out: ByteWriter): void {
    out.ascii('{"L":[');
    let first = true;
    forEachElement(bytes, at, (start, end) => {
      if (!first) out.byte(COMMA);
      first = false;
      this.write(bytes, start, end, out);
    });
    out.byte(CLOSE_BRACKET);
    out.byte(CLOSE_BRACE);
  }
}

function textOf(bytes: Buffer, start: number, end: number): string {
  return hasEscapes(bytes, start, end) ? decodeString(bytes, start, end) : bytes.toString('utf8', start, end);
}

function memberType(type: 'SS' | 'NS' | 'BS'): ScalarType {
  return type === 'SS' ? 'S' : type === 'NS' ? 'N' : 'B';
}
