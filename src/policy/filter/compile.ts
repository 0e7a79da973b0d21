import { beginsWith, containsValue } from './contents.ts';
import { equalValues } from './equality.ts';
import { utf8Of } from './located-value.ts';
import { compileOperand, compilePath, topLevelId } from './operand-reader.ts';
import { orderValues } from './order.ts';
import { compileStringEquality, isPlain } from './string-equality.ts';
import type { ItemView, NameTable } from '../../model/item.ts';
import type { Comparator, Condition, Operand, Path } from './ast.ts';
import type { LocatedValue } from './located-value.ts';

/** Whether an item passes. The same item always gives the same answer. */
export type CompiledFilter = (item: ItemView) => boolean;

/**
 * Compiles a filter into a function that reads only the ranges that it names. Its meaning is that of DynamoDB's FilterExpression, case by case:
 * a condition with a missing or mistyped operand is false, `<>` is exactly NOT `=` (so true where one is missing), and NOT turns either around.
 *
 * Items must be viewed with `names`, which has at least the filter's top-level names (`namesOf`); throws RangeError where it lacks one.
 */
export function compileFilter(condition: Condition, names: NameTable): CompiledFilter {
  switch (condition.kind) {
    case 'and':
    case 'or':
      return compileChain(
        condition.kind,
        condition.operands.map((operand) => compileFilter(operand, names)),
      );
    case 'not': {
      const inner = compileFilter(condition.operand, names);
      return (item) => !inner(item);
    }
    case 'compare':
      return compileCompare(condition.comparator, condition.left, condition.right, names);
    case 'between':
      return compileBetween(condition.operand, condition.low, condition.high, names);
    case 'in':
      return compileIn(condition.operand, condition.candidates, names);
    case 'attribute_exists':
      return compileExists(condition.path, names);
    case 'attribute_not_exists': {
      const exists = compileExists(condition.path, names);
      return (item) => !exists(item);
    }
    case 'attribute_type': {
      const read = compilePath(condition.path, names);
      return (item) => read(item)?.type === condition.type;
    }
    default: {
      const holds = condition.kind === 'contains' ? containsValue : beginsWith;
      return compilePair(condition.operand, condition.part, names, holds);
    }
  }
}

function compileChain(kind: 'and' | 'or', parts: CompiledFilter[]): CompiledFilter {
  const [first, second] = parts;
  if (kind === 'and') {
    if (parts.length === 2) return (item) => first(item) && second(item);
    return (item) => parts.every((part) => part(item));
  }
  if (parts.length === 2) return (item) => first(item) || second(item);
  return (item) => parts.some((part) => part(item));
}

function compileCompare(comparator: Comparator, left: Operand, right: Operand, names: NameTable): CompiledFilter {
  switch (comparator) {
    case '=':
      return compileEquality(left, right, names);
    case '<>': {
      const equal = compileEquality(left, right, names);
      return (item) => !equal(item);
    }
    case '<':
      return compilePair(left, right, names, (a, b) => orderValues(a, b) < 0);
    case '<=':
      return compilePair(left, right, names, (a, b) => orderValues(a, b) <= 0);
    case '>':
      return compilePair(left, right, names, (a, b) => orderValues(a, b) > 0);
    default:
      return compilePair(left, right, names, (a, b) => orderValues(a, b) >= 0);
  }
}

function compileEquality(left: Operand, right: Operand, names: NameTable): CompiledFilter {
  if (left.kind === 'literal' && right.kind === 'path') return compileEquality(right, left, names);
  const general = compilePair(left, right, names, equalValues);
  if (left.kind !== 'path' || left.steps.length > 0 || right.kind !== 'literal') return general;
  const { value } = right;
  return 'S' in value && isPlain(value.S) ? compileStringEquality(topLevelId(left, names), value.S, general) : general;
}

/** A condition on two values, false where either is missing. */
function compilePair(
  left: Operand,
  right: Operand,
  names: NameTable,
  holds: (a: LocatedValue, b: LocatedValue) => boolean,
): CompiledFilter {
  const readLeft = compileOperand(left, names);
  const readRight = compileOperand(right, names);
  return (item) => {
    const a = readLeft(item);
    if (a === undefined) return false;
    const b = readRight(item);
    return b !== undefined && holds(a, b);
  };
}

function compileBetween(operand: Operand, low: Operand, high: Operand, names: NameTable): CompiledFilter {
  const aboveLow = compilePair(operand, low, names, (a, b) => orderValues(a, b) >= 0);
  const belowHigh = compilePair(operand, high, names, (a, b) => orderValues(a, b) <= 0);
  return (item) => aboveLow(item) && belowHigh(item);
}

function compileIn(operand: Operand, candidates: Operand[], names: NameTable): CompiledFilter {
  const read = compileOperand(operand, names);
  const texts = textsOf(candidates);
  if (texts !== undefined) {
    return (item) => {
      const value = read(item);
      return value?.type === 'S' && texts.has(utf8Of(value.bytes, value.start, value.end).toString());
    };
  }
  const readers = candidates.map((candidate) => compileOperand(candidate, names));
  return (item) => {
    const value = read(item);
    if (value === undefined) return false;
    for (const reader of readers) {
      const candidate = reader(item);
      if (candidate !== undefined && equalValues(value, candidate)) return true;
    }
    return false;
  };
}

/** The candidates where all are strings: one look-up, however many there are. */
function textsOf(candidates: Operand[]): Set<string> | undefined {
  const texts = new Set<string>();
  for (const candidate of candidates) {
    if (candidate.kind !== 'literal' || !('S' in candidate.value)) return undefined;
    texts.add(candidate.value.S);
  }
  return texts;
}

function compileExists(path: Path, names: NameTable): CompiledFilter {
  if (path.steps.length > 0) {
    const read = compilePath(path, names);
    return (item) => read(item) !== undefined;
  }
  const id = topLevelId(path, names);
  return (item) => item.indexOf(id) >= 0;
}
