import { compareNumbers } from '../../model/number.ts';
import { typeOf } from './attribute-value.ts';
import type { Condition, Literal, Operand, Path } from './ast.ts';
import type { TokenStream } from './token-stream.ts';

/**
 * What DynamoDB refuses with a ValidationException before it looks at any item, refused here while parsing, and a little more:
 * a condition that no item can change, and a name in double quotes where a text was surely meant.
 */
type Of<Kind extends Condition['kind']> = Extract<Condition, { kind: Kind }>;

export function checkCompare(tokens: TokenStream, condition: Of<'compare'>): void {
  const { comparator, left, right } = condition;
  checkTogether(tokens, left, [right], `'${comparator}'`);
  if (comparator === '=' || comparator === '<>') return;
  for (const operand of [left, right]) checkOrdered(tokens, operand, `'${comparator}'`);
}

export function checkBetween(tokens: TokenStream, condition: Of<'between'>): void {
  const { operand, low, high } = condition;
  checkTogether(tokens, operand, [low, high], 'BETWEEN');
  for (const each of [operand, low, high]) checkOrdered(tokens, each, 'BETWEEN');
  if (low.kind !== 'literal' || high.kind !== 'literal') return;
  if (typeOf(low.value) !== typeOf(high.value))
    throw tokens.error(high, 'the two bounds of BETWEEN have different types');
  if (compareLiterals(low, high) > 0)
    throw tokens.error(low, 'the lower bound of BETWEEN is above the upper one', 'swap them');
}

export function checkIn(tokens: TokenStream, condition: Of<'in'>): void {
  checkTogether(tokens, condition.operand, condition.candidates, 'IN');
}

export function checkBeginsWith(tokens: TokenStream, condition: Of<'begins_with' | 'contains'>): void {
  checkTogether(tokens, condition.operand, [condition.part], 'begins_with');
  for (const operand of [condition.operand, condition.part]) {
    if (operand.kind === 'size')
      throw tokens.error(operand, 'begins_with takes strings or binary values, and size is a number');
    if (operand.kind === 'literal' && !['S', 'B'].includes(typeOf(operand.value)))
      throw tokens.error(
        operand,
        `begins_with takes strings or binary values, not ${typeOf(operand.value)}`,
        typeOf(operand.value) === 'N' ? 'put it into single quotes to compare it as text' : undefined,
      );
  }
}

export function checkContains(tokens: TokenStream, condition: Of<'begins_with' | 'contains'>): void {
  const { operand, part } = condition;
  checkTogether(tokens, operand, [part], 'contains');
  if (operand.kind === 'size') throw tokens.error(operand, 'contains looks into an attribute, and size is a number');
  if (operand.kind === 'literal' && ['N', 'BOOL', 'NULL', 'M'].includes(typeOf(operand.value)))
    throw tokens.error(
      operand,
      `contains looks into strings, binary values, sets and lists, not ${typeOf(operand.value)}`,
    );
}

function checkTogether(tokens: TokenStream, first: Operand, others: Operand[], operator: string): void {
  for (const other of others) {
    if (first.kind === 'path' && other.kind === 'path' && samePath(first, other))
      throw tokens.error(other, `${operator} takes two different operands, and this is the same path again`);
    if (first.kind !== 'literal' && isLoneQuotedName(other) && !pathOf(first).quoted)
      throw tokens.error(
        other,
        'double quotes mean an attribute name, single quotes a text',
        `write '${other.name.replaceAll("'", "''")}'; if the attribute "${other.name}" is meant, put the first name into double quotes too`,
      );
  }
  if ([first, ...others].every((operand) => operand.kind === 'literal'))
    throw tokens.error(first, 'this is the same for every item', 'name an attribute');
}

function isLoneQuotedName(operand: Operand): operand is Path {
  return operand.kind === 'path' && operand.quoted && operand.steps.length === 0;
}

function pathOf(operand: Exclude<Operand, Literal>): Path {
  return operand.kind === 'size' ? operand.path : operand;
}

function checkOrdered(tokens: TokenStream, operand: Operand, operator: string): void {
  if (operand.kind !== 'literal') return;
  const type = typeOf(operand.value);
  if (type === 'S' || type === 'N' || type === 'B') return;
  throw tokens.error(
    operand,
    `${operator} orders strings, numbers and binary values, not ${type}`,
    'only =, <>, IN and contains take it',
  );
}

function samePath(a: Path, b: Path): boolean {
  return a.name === b.name && JSON.stringify(a.steps) === JSON.stringify(b.steps);
}

/** Both of one type, S, N or B. */
function compareLiterals(a: Literal, b: Literal): number {
  if ('N' in a.value && 'N' in b.value) return compareNumbers(a.value.N, b.value.N);
  return Buffer.compare(orderedBytes(a), orderedBytes(b));
}

function orderedBytes({ value }: Literal): Buffer {
  if ('B' in value) return Buffer.from(value.B, 'base64');
  return Buffer.from('S' in value ? value.S : '', 'utf8');
}
