import { checkBetween, checkCompare, checkContains, checkBeginsWith, checkIn } from './checks.ts';
import { DynaferryError } from '../../model/errors.ts';
import { filterError } from './filter-error.ts';
import { functionNames, operatorHint } from './hints.ts';
import { parseOperand, parsePath, wrongFunction } from './operand-parser.ts';
import { TokenStream } from './token-stream.ts';
import { describeToken } from './token.ts';
import { parseTypeName } from './type-name.ts';
import type { Comparator, Condition, Operand } from './ast.ts';

/** How long a filter may be, in characters: 16 times what DynamoDB itself takes as an expression. */
const FILTER_LENGTH_MAX = 65_536;
const COMPARATORS: readonly Comparator[] = ['=', '<>', '<', '<=', '>', '>='];
const OPERATORS = '=, <>, <, <=, >, >=, BETWEEN or IN';

/**
 * Parses a filter: DynamoDB's condition-expression grammar with literals in place of placeholders.
 * Throws POLICY_INVALID, with a caret under the spot, for what is not of the grammar and for what DynamoDB refuses before it looks at an item
 * (a comparison with a map, BETWEEN with its bounds the wrong way round), so that such a filter never reaches a run.
 */
export function parseFilter(text: string): Condition {
  if (text.trim() === '')
    throw new DynaferryError(
      'POLICY_INVALID',
      'policy.filter: the filter is empty; leave it out to let every item pass',
    );
  if (text.length > FILTER_LENGTH_MAX)
    throw filterError(
      text,
      { at: FILTER_LENGTH_MAX, end: text.length },
      `a filter has at most ${FILTER_LENGTH_MAX} characters`,
    );
  const tokens = new TokenStream(text);
  const condition = parseOr(tokens);
  if (tokens.current.kind !== 'end') throw leftOver(tokens, condition);
  return condition;
}

function leftOver(tokens: TokenStream, before: Condition): Error {
  const { current } = tokens;
  if (tokens.isSymbol(')')) return tokens.error(current, "this ')' has no '('");
  if (before.kind === 'compare' && isComparator(current.text))
    return tokens.unexpected('AND, OR or the end', 'a range is written x BETWEEN low AND high');
  return tokens.unexpected('AND, OR or the end');
}

function parseOr(tokens: TokenStream): Condition {
  return parseChain(tokens, 'or', () => parseChain(tokens, 'and', () => parseNot(tokens)));
}

/** One condition, or several joined by the keyword; a chain inside a chain of its kind, as parentheses make it, is flattened. */
function parseChain(tokens: TokenStream, kind: 'and' | 'or', parse: () => Condition): Condition {
  const first = parse();
  const operands = [first];
  while (tokens.takeKeyword(kind.toUpperCase())) operands.push(parse());
  if (operands.length === 1) return first;
  const flat = operands.flatMap((operand) => (operand.kind === kind ? operand.operands : [operand]));
  return { kind, operands: flat, at: first.at, end: tokens.lastEnd };
}

function parseNot(tokens: TokenStream): Condition {
  const at = tokens.current.at;
  if (!tokens.takeKeyword('NOT')) return parsePrimary(tokens);
  const operand = tokens.nested(() => parseNot(tokens));
  return { kind: 'not', operand, at, end: tokens.lastEnd };
}

function parsePrimary(tokens: TokenStream): Condition {
  const opening = tokens.current;
  if (tokens.takeSymbol('(')) {
    const inner = tokens.nested(() => parseOr(tokens));
    if (!tokens.isSymbol(')')) throw unclosed(tokens, opening.at);
    tokens.take();
    return inner;
  }
  const { following } = tokens;
  const called = opening.kind === 'word' && following.kind === 'symbol' && following.text === '(';
  if (called && opening.text !== 'size') return parseFunction(tokens);
  return parseComparison(tokens);
}

function unclosed(tokens: TokenStream, at: number): Error {
  if (tokens.current.kind === 'end') return tokens.error({ at, end: at + 1 }, "this '(' is never closed");
  return tokens.unexpected("AND, OR or ')'");
}

function parseFunction(tokens: TokenStream): Condition {
  const token = tokens.take();
  const { at, text: name } = token;
  const known = functionNames.find((candidate) => candidate === name);
  if (known === undefined || known === 'size') throw wrongFunction(tokens, name, at);
  tokens.take();
  const condition = parseArguments(tokens, known, at);
  if (tokens.isSymbol(',')) throw tokens.error(tokens.current, `${name} takes no more arguments`);
  tokens.expectSymbol(')', `')' behind the arguments of ${name}`);
  if (isComparator(tokens.current.text))
    throw tokens.error(
      tokens.current,
      `${name}(…) is a condition, not a value`,
      `write NOT ${name}(…) for the opposite`,
    );
  return { ...condition, end: tokens.lastEnd };
}

function parseArguments(
  tokens: TokenStream,
  name: Exclude<(typeof functionNames)[number], 'size'>,
  at: number,
): Condition {
  const end = at;
  switch (name) {
    case 'attribute_exists':
    case 'attribute_not_exists':
      return { kind: name, path: parsePath(tokens, 'an attribute name'), at, end };
    case 'attribute_type': {
      const path = parsePath(tokens, 'an attribute name');
      tokens.expectSymbol(',', "',' and a type");
      return { kind: name, path, type: parseTypeName(tokens), at, end };
    }
    default: {
      const operand = parseOperand(tokens);
      tokens.expectSymbol(',', `',' and what ${name} looks for`);
      const condition: Condition = { kind: name, operand, part: parseOperand(tokens), at, end };
      if (name === 'contains') checkContains(tokens, condition);
      else checkBeginsWith(tokens, condition);
      return condition;
    }
  }
}

function parseComparison(tokens: TokenStream): Condition {
  const left = parseOperand(tokens);
  const { at } = left;
  const { current } = tokens;
  if (current.kind === 'symbol' && isComparator(current.text)) {
    tokens.take();
    const right = parseOperand(tokens);
    const condition = { kind: 'compare' as const, comparator: current.text, left, right, at, end: tokens.lastEnd };
    checkCompare(tokens, condition);
    return condition;
  }
  if (tokens.takeKeyword('BETWEEN')) return parseBetween(tokens, left);
  if (tokens.takeKeyword('IN')) return parseIn(tokens, left);
  throw noOperator(tokens, left);
}

function noOperator(tokens: TokenStream, left: Operand): Error {
  const { current } = tokens;
  const hint = current.kind === 'word' ? operatorHint(current.text) : undefined;
  const alone = left.kind === 'path' && (current.kind === 'end' || tokens.isKeyword('AND') || tokens.isKeyword('OR'));
  const fix =
    hint ?? (alone ? 'to ask for true or for being there, write name = true or attribute_exists(name)' : undefined);
  return tokens.error(current, `expected ${OPERATORS}, found ${describeToken(current)}`, fix);
}

function parseBetween(tokens: TokenStream, operand: Operand): Condition {
  const low = parseOperand(tokens);
  if (!tokens.takeKeyword('AND')) throw tokens.unexpected('AND and the upper bound of BETWEEN');
  const high = parseOperand(tokens);
  const condition = { kind: 'between' as const, operand, low, high, at: operand.at, end: tokens.lastEnd };
  checkBetween(tokens, condition);
  return condition;
}

function parseIn(tokens: TokenStream, operand: Operand): Condition {
  tokens.expectSymbol('(', "'(' and the values of IN");
  const candidates: Operand[] = [];
  do candidates.push(parseOperand(tokens));
  while (tokens.takeSymbol(','));
  tokens.expectSymbol(')', "',' or ')'");
  const condition = { kind: 'in' as const, operand, candidates, at: operand.at, end: tokens.lastEnd };
  checkIn(tokens, condition);
  return condition;
}

function isComparator(text: string): text is Comparator {
  return COMPARATORS.some((comparator) => comparator === text);
}
