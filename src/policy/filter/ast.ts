import type { AttributeType } from '../../model/attribute.ts';
import type { AttributeValue } from './attribute-value.ts';

/** Where a node stands in the filter's text: offsets in UTF-16 units, `end` exclusive. */
export interface Span {
  at: number;
  end: number;
}

export type Comparator = '=' | '<>' | '<' | '<=' | '>' | '>=';

/** One step of a document path behind its first name. */
export type PathStep = { name: string } | { index: number };

/** A document path: `address.country`, `tags[0]`, `"odd.name".x[1]`. */
export interface Path extends Span {
  kind: 'path';
  /** The top-level attribute. */
  name: string;
  steps: PathStep[];
  /** Whether any of its names stands in double quotes. */
  quoted: boolean;
}

/** `size(path)`. */
interface Size extends Span {
  kind: 'size';
  path: Path;
}

export interface Literal extends Span {
  kind: 'literal';
  value: AttributeValue;
}

export type Operand = Path | Size | Literal;

/**
 * A condition as DynamoDB's grammar has it
 * (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html).
 * AND and OR hold two or more operands and never one of their own kind: chains are flat.
 */
export type Condition =
  | (Span & { kind: 'and' | 'or'; operands: Condition[] })
  | (Span & { kind: 'not'; operand: Condition })
  | (Span & { kind: 'compare'; comparator: Comparator; left: Operand; right: Operand })
  | (Span & { kind: 'between'; operand: Operand; low: Operand; high: Operand })
  | (Span & { kind: 'in'; operand: Operand; candidates: Operand[] })
  | (Span & { kind: 'attribute_exists' | 'attribute_not_exists'; path: Path })
  | (Span & { kind: 'attribute_type'; path: Path; type: AttributeType })
  | (Span & { kind: 'begins_with' | 'contains'; operand: Operand; part: Operand });
