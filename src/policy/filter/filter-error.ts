import { DynaferryError } from '../../model/errors.ts';
import type { Span } from './ast.ts';

/** How much of a long line is shown on either side of the spot, in characters. */
const SHOWN_AROUND = 80;

/**
 * The error for a spot in the filter: what is wrong, then the line with a caret under the spot.
 * `fix` says what to write instead, where that is known.
 */
export function filterError(text: string, spot: Span, problem: string, fix?: string): DynaferryError {
  const lineStart = text.lastIndexOf('\n', spot.at - 1) + 1;
  const newline = text.indexOf('\n', lineStart);
  const lineEnd = newline < 0 ? text.length : newline;
  const lineNumber = text.slice(0, lineStart).split('\n').length;
  const where = text.trimEnd().includes('\n') ? `policy.filter, line ${lineNumber}` : 'policy.filter';
  const from = Math.max(lineStart, spot.at - SHOWN_AROUND);
  const to = Math.min(lineEnd, spot.at + SHOWN_AROUND);
  const before = (from > lineStart ? '…' : '') + text.slice(from, spot.at);
  const shown = before + text.slice(spot.at, to) + (to < lineEnd ? '…' : '');
  const message = `${where}: ${problem}${fix === undefined ? '' : `; ${fix}`}\n  ${shown.trimEnd()}\n  ${padding(before)}^`;
  return new DynaferryError('POLICY_INVALID', message);
}

/** Blanks as wide as the text on a terminal. */
function padding(text: string): string {
  let pad = '';
  for (const char of text) pad += char === '\t' ? '\t' : isWide(char) ? '\u3000' : ' ';
  return pad;
}

/** Whether terminals give the character two columns: CJK, kana, hangul, full-width forms, emoji. */
function isWide(char: string): boolean {
  return /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u.test(
    char,
  );
}
