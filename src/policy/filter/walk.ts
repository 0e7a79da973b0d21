import type { Condition, Operand } from './ast.ts';

/** The condition and all conditions within it, from the left. */
export function* conditionsWithin(condition: Condition): Generator<Condition> {
  yield condition;
  if (condition.kind === 'not') yield* conditionsWithin(condition.operand);
  else if (condition.kind === 'and' || condition.kind === 'or')
    for (const operand of condition.operands) yield* conditionsWithin(operand);
}

/** The condition's own operands, from the left; none where it is made of other conditions. */
export function operandsOf(condition: Condition): Operand[] {
  switch (condition.kind) {
    case 'and':
    case 'or':
    case 'not':
      return [];
    case 'compare':
      return [condition.left, condition.right];
    case 'between':
      return [condition.operand, condition.low, condition.high];
    case 'in':
      return [condition.operand, ...condition.candidates];
    case 'attribute_exists':
    case 'attribute_not_exists':
    case 'attribute_type':
      return [condition.path];
    default:
      return [condition.operand, condition.part];
  }
}
