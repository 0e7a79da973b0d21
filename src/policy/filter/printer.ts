import type { Condition, Operand, Path } from './ast.ts';
import type { AttributeValue } from './attribute-value.ts';

/** How names and values are written; all else is the same in every form of a condition. */
export interface Notation {
  name(name: string): string;
  value(value: AttributeValue): string;
}

/** A condition as text of DynamoDB's grammar, with no more parentheses than it needs: DynamoDB refuses redundant ones. */
export function printCondition(condition: Condition, notation: Notation): string {
  const operand = (each: Operand): string => printOperand(each, notation);
  switch (condition.kind) {
    case 'or':
      return condition.operands.map((part) => printCondition(part, notation)).join(' OR ');
    case 'and':
      return condition.operands.map((part) => printTight(part, ['or'], notation)).join(' AND ');
    case 'not':
      return `NOT ${printTight(condition.operand, ['or', 'and'], notation)}`;
    case 'compare':
      return `${operand(condition.left)} ${condition.comparator} ${operand(condition.right)}`;
    case 'between':
      return `${operand(condition.operand)} BETWEEN ${operand(condition.low)} AND ${operand(condition.high)}`;
    case 'in':
      return `${operand(condition.operand)} IN (${condition.candidates.map(operand).join(', ')})`;
    case 'attribute_exists':
    case 'attribute_not_exists':
      return `${condition.kind}(${printPath(condition.path, notation)})`;
    case 'attribute_type':
      return `${condition.kind}(${printPath(condition.path, notation)}, ${notation.value({ S: condition.type })})`;
    default:
      return `${condition.kind}(${operand(condition.operand)}, ${operand(condition.part)})`;
  }
}

/** In parentheses where the condition binds less than what stands around it. */
function printTight(condition: Condition, loose: readonly Condition['kind'][], notation: Notation): string {
  const text = printCondition(condition, notation);
  return loose.includes(condition.kind) ? `(${text})` : text;
}

function printOperand(operand: Operand, notation: Notation): string {
  switch (operand.kind) {
    case 'path':
      return printPath(operand, notation);
    case 'size':
      return `size(${printPath(operand.path, notation)})`;
    default:
      return notation.value(operand.value);
  }
}

function printPath(path: Path, notation: Notation): string {
  let text = notation.name(path.name);
  for (const step of path.steps) text += 'name' in step ? `.${notation.name(step.name)}` : `[${step.index}]`;
  return text;
}
