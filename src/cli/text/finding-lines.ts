import type { Finding, FindingSeverity } from '../../index.ts';
import { printable } from '../../stages/inspect/text-table.ts';
import type { Session } from '../session.ts';

const order: readonly FindingSeverity[] = ['error', 'warning', 'unknown', 'note'];

/** Findings for people, the gravest first. */
export function findingLines(findings: readonly Finding[], { red, yellow, dim }: Session['colors']): string[] {
  const paint = { error: red, warning: yellow, unknown: yellow, note: dim };
  return findings
    .toSorted((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity))
    .flatMap(({ severity, code, message, fix }) => [
      // A message can have lines of its own, with a caret under the spot.
      `  ${paint[severity](severity)} ${code}: ${message.split('\n').map(printable).join('\n    ')}`,
      `    ${dim(fix)}`,
    ]);
}
