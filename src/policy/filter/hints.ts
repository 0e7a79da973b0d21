import leven from 'leven';

/** The functions of DynamoDB's grammar; their names are case-sensitive. */
export const functionNames = [
  'attribute_exists',
  'attribute_not_exists',
  'attribute_type',
  'begins_with',
  'contains',
  'size',
] as const;

export type FunctionName = (typeof functionNames)[number];

/** Words that are never names unless they stand in double quotes or behind a dot; case does not matter. */
export const keywords = ['AND', 'OR', 'NOT', 'IN', 'BETWEEN', 'TRUE', 'FALSE', 'NULL'] as const;

/** What other languages write, and what to write here. Longest first where one begins with another. */
export const foreignSymbols: readonly { symbol: string; problem: string; fix: string }[] = [
  { symbol: '===', problem: "there is no '==='", fix: "write '='" },
  { symbol: '==', problem: "there is no '=='", fix: "write '='" },
  { symbol: '=>', problem: "there is no '=>'", fix: "write '>='" },
  { symbol: '!=', problem: "there is no '!='", fix: "write '<>'" },
  { symbol: '!', problem: "there is no '!'", fix: "write 'NOT'" },
  { symbol: '&&', problem: "there is no '&&'", fix: "write 'AND'" },
  { symbol: '&', problem: "there is no '&'", fix: "write 'AND'" },
  { symbol: '||', problem: "there is no '||'", fix: "write 'OR'" },
  { symbol: '|', problem: "there is no '|'", fix: "write 'OR'" },
  {
    symbol: '#',
    problem: 'a filter has no placeholders',
    fix: 'write the attribute name itself, in double quotes if it needs them',
  },
  { symbol: '`', problem: 'names are not quoted with `', fix: 'write the name in double quotes' },
  { symbol: '‘', problem: 'this is a typographic quote', fix: "write '" },
  { symbol: '’', problem: 'this is a typographic quote', fix: "write '" },
  { symbol: '“', problem: 'this is a typographic quote', fix: 'write \' around a text and " around a name' },
  { symbol: '”', problem: 'this is a typographic quote', fix: 'write \' around a text and " around a name' },
  { symbol: ';', problem: 'a filter is one condition', fix: "remove the ';'" },
];

/** What to say where an operator is expected and one of these words stands, by their upper case. */
const foreignOperators: Readonly<Record<string, string>> = {
  LIKE: "write begins_with(name, 'text') or contains(name, 'text')",
  IS: 'write attribute_not_exists(name) for a missing attribute, name = null for one of type NULL',
  NOT: 'write NOT in front of the whole condition: NOT a IN (…), NOT a BETWEEN … AND …',
  EQ: "write '='",
  NE: "write '<>'",
  LT: "write '<'",
  LE: "write '<='",
  GT: "write '>'",
  GE: "write '>='",
  BEGINS_WITH: "write begins_with(name, 'text')",
  CONTAINS: "write contains(name, 'text')",
};

/** The advice for a word that stands where an operator should, if there is one. */
export function operatorHint(word: string): string | undefined {
  return foreignOperators[word.toUpperCase()];
}

/** The function that was meant, where one is near enough. */
export function nearestFunction(word: string): FunctionName | undefined {
  const folded = word.toLowerCase();
  const near = functionNames.filter(
    (name) => leven(folded, name) <= 3 || name.replaceAll('_', '') === folded.replaceAll('_', ''),
  );
  return near.sort((a, b) => leven(folded, a) - leven(folded, b))[0];
}
