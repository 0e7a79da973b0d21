import { normalize, type AttributeValue } from './attribute-value.ts';
import { printCondition } from './printer.ts';
import type { Condition } from './ast.ts';

/**
 * One text for a filter, however it was written: spacing, case of keywords, needless parentheses and quotes, the way numbers are written and the order of
 * set members make no difference. It is itself a filter with the same meaning. It goes into the policy's hash: changing it makes every staged export of before unloadable.
 */
export function canonicalText(condition: Condition): string {
  return printCondition(condition, {
    name: (name) => `"${name.replaceAll('"', '""')}"`,
    value: (value) => printValue(normalize(value)),
  });
}

function printValue(value: AttributeValue): string {
  if ('S' in value) return printString(value.S);
  if ('N' in value) return value.N;
  if ('B' in value) return printBinary(value.B);
  if ('BOOL' in value) return String(value.BOOL);
  if ('NULL' in value) return 'null';
  if ('SS' in value) return `<<${value.SS.map(printString).join(', ')}>>`;
  if ('NS' in value) return `<<${value.NS.join(', ')}>>`;
  if ('BS' in value) return `<<${value.BS.map(printBinary).join(', ')}>>`;
  if ('L' in value) return `[${value.L.map(printValue).join(', ')}]`;
  const entries = Object.entries(value.M).map(([name, inner]) => `${printString(name)}: ${printValue(inner)}`);
  return `{${entries.join(', ')}}`;
}

function printString(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function printBinary(base64: string): string {
  return `x'${Buffer.from(base64, 'base64').toString('hex')}'`;
}
