import { DynaferryError } from '../../model/errors.ts';
import type { Span } from './ast.ts';

/** How much of a long line is shown on either side of the spot, in characters. */
const SHOWN_AROUND = 80;

/** POLICY_INVALID for a spot in the filter; the message shows the line with a caret. */
export class FilterError extends DynaferryError {
  /** Of the spot in the filter's text, in characters. */
  readonly offset: number;
  /** What is wrong and what to write instead, without the line and the caret. */
  readonly problem: string;

  constructor(message: string, offset: number, problem: string) {
    super('POLICY_INVALID', message);
    this.name = 'FilterError';
    this.offset = offset;
    this.problem = problem;
  }
}

/**
 * The error for a spot in the filter: what is wrong, then the line with a caret under the spot.
 * `fix` says what to write instead, where that is known.
 */
export function filterError(text: string, spot: Span, problem: string, fix?: string): FilterError {
  const lineStart = text.lastIndexOf('\n', spot.at - 1) + 1;
  const newline = text.indexOf('\n', lineStart);
  const lineEnd = newline < 0 ? text.length : newline;
  const lineNumber = text.slice(0, lineStart).split('\n').length;
  const where = text.trimEnd().includes('\n') ? `policy.filter, line ${lineNumber}` : 'policy.filter';
  const from = Math.max(lineStart, spot.at - SHOWN_AROUND);
  const to = Math.min(lineEnd, spot.at + SHOWN_AROUND);
  const before = (from > lineStart ? '…' : '') + text.slice(from, spot.at);
  const shown = before + text.slice(spot.at, to) + (to < lineEnd ? '…' : '');
  const what = fix === undefined ? problem : `${problem}; ${fix}`;
  return new FilterError(`${where}: ${what}\n  ${shown.trimEnd()}\n  ${padding(before)}^`, spot.at, what);
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
