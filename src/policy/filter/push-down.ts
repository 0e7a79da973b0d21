import { normalize, type AttributeValue } from './attribute-value.ts';
import { printCondition } from './printer.ts';
import { conditionsWithin, operandsOf } from './walk.ts';
import type { Condition } from './ast.ts';

/** A filter as parameters of Scan or Query. */
export interface PushDown {
  FilterExpression: string;
  ExpressionAttributeNames: Record<string, string>;
  /** Absent where the filter has no values: DynamoDB refuses an empty one. */
  ExpressionAttributeValues?: Record<string, AttributeValue>;
}

/**
 * DynamoDB's limits on expressions
 * (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-expression-parameters).
 */
const EXPRESSION_BYTES_MAX = 4096;
const OPERATORS_MAX = 300;
const IN_CANDIDATES_MAX = 100;
/** All values, or all names, together: 2 MB there; less here, for what the service counts on top of the text. */
const SUBSTITUTIONS_BYTES_MAX = 1024 * 1024;

/**
 * The filter as a FilterExpression with placeholders for every name and value, or undefined where DynamoDB's limits do not allow it;
 * then the items are filtered here alone, with the same result.
 */
export function pushDown(condition: Condition): PushDown | undefined {
  const names = new Placeholders<string>('#');
  const values = new Placeholders<AttributeValue>(':');
  if (!withinLimits(condition)) return undefined;
  const FilterExpression = printCondition(condition, {
    name: (name) => names.for(name, name),
    value: (value) => {
      const normalized = normalize(value);
      return values.for(JSON.stringify(normalized), normalized);
    },
  });
  if (FilterExpression.length > EXPRESSION_BYTES_MAX) return undefined;
  if (names.bytes > SUBSTITUTIONS_BYTES_MAX || values.bytes > SUBSTITUTIONS_BYTES_MAX) return undefined;
  const pushed: PushDown = { FilterExpression, ExpressionAttributeNames: names.record() };
  if (values.size > 0) pushed.ExpressionAttributeValues = values.record();
  return pushed;
}

/** Placeholders, one for each distinct thing. */
class Placeholders<T> {
  readonly #prefix: string;
  readonly #known = new Map<string, { placeholder: string; content: T }>();
  /** UTF-8 bytes of all that they stand for. */
  bytes = 0;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  get size(): number {
    return this.#known.size;
  }

  for(identity: string, content: T): string {
    const known = this.#known.get(identity);
    if (known !== undefined) return known.placeholder;
    const placeholder = `${this.#prefix}${this.#known.size}`;
    this.#known.set(identity, { placeholder, content });
    this.bytes += Buffer.byteLength(identity);
    return placeholder;
  }

  record(): Record<string, T> {
    return Object.fromEntries([...this.#known.values()].map(({ placeholder, content }) => [placeholder, content]));
  }
}

/** DynamoDB counts AND, OR, NOT, comparators, BETWEEN, IN and functions, size among them. */
function withinLimits(condition: Condition): boolean {
  let operators = 0;
  for (const each of conditionsWithin(condition)) {
    if (each.kind === 'in' && each.candidates.length > IN_CANDIDATES_MAX) return false;
    operators += each.kind === 'and' || each.kind === 'or' ? each.operands.length - 1 : 1;
    operators += operandsOf(each).filter((operand) => operand.kind === 'size').length;
  }
  return operators <= OPERATORS_MAX;
}
