import { DynaferryError } from '../model/errors.ts';
import { findSecrets, hiddenFrom, type SecretRanges } from './secrets.ts';
import type { Path, YamlFile } from './yaml-file.ts';

/** Something that is wrong with a file of settings. */
export interface Problem {
  /** Offset into the file's text that the caret points to. */
  offset: number;
  /** The key that it is about; empty for the file as a whole. */
  path: Path;
  /** What is there instead of what should be, fit to be shown: quoted, shortened, without secrets. */
  got?: string;
  /** What is expected, and the fix. */
  message: string;
}

/** More problems than this tell a reader nothing new. */
const PROBLEMS_SHOWN_MAX = 20;

/** How much of a long line is shown, and how much of that before the caret. */
const LINE_SHOWN_MAX = 120;
const BEFORE_CARET_MAX = 80;

/** All problems of a file as one error, in the order of the file, each with its line and a caret. `docs` says which document describes what may stand there. */
export function problemsError(
  code: 'CONFIG_INVALID' | 'POLICY_INVALID',
  file: YamlFile,
  problems: readonly Problem[],
  docs: string,
): DynaferryError {
  const secrets = findSecrets(file);
  const ordered = problems.toSorted((a, b) => a.offset - b.offset);
  const shown = ordered.slice(0, PROBLEMS_SHOWN_MAX).map((problem) => render(file, problem, secrets));
  const left = ordered.length - shown.length;
  if (left > 0) shown.push(`… and ${left} more`);
  return new DynaferryError(code, shown.join('\n'), {
    fix: `Correct the file; ${docs}.`,
  });
}

function render(file: YamlFile, problem: Problem, secrets: SecretRanges): string {
  const { line, column } = file.position(problem.offset);
  const path = pathText(shownPath(file, problem.path, secrets));
  const parts = [`${file.fileName}:${line}:${column}`];
  if (path !== '') parts.push(path);
  if (problem.got !== undefined) parts.push(problem.got);
  parts.push(problem.message);
  return `${printable(parts.join(': '))}\n${snippet(file, problem.offset, secrets)}`;
}

/** A secret may have slipped into the place of a key. */
function shownPath(file: YamlFile, path: Path, secrets: SecretRanges): Path {
  return path.map((part, index) => {
    const range = file.keyRange(path.slice(0, index + 1));
    return range !== undefined && hiddenFrom(secrets, range) !== undefined ? '(not shown)' : part;
  });
}

/** `policy.attributes."first name".rename`. */
export function pathText(path: Path): string {
  return path
    .map((part) => {
      const name = String(part);
      return /^[\w-]+$/.test(name) ? name : JSON.stringify(name);
    })
    .join('.');
}

/** The line of the offset with a caret under it; a secret on the line, and all behind it, is left out. */
function snippet(file: YamlFile, offset: number, secrets: SecretRanges): string {
  const { line, column, lineStart } = file.position(offset);
  const lineEnd = /\r?$/m.exec(file.text.slice(lineStart))!.index + lineStart;
  const hidden = hiddenFrom(secrets, { start: lineStart, end: lineEnd });
  let content = file.text.slice(lineStart, hidden ?? lineEnd);
  if (hidden !== undefined) content += '(not shown)';
  let caret = Math.min(column - 1, content.length, (hidden ?? Infinity) - lineStart);
  if (caret > BEFORE_CARET_MAX) {
    const cut = caret - BEFORE_CARET_MAX;
    content = `…${content.slice(cut)}`;
    caret = caret - cut + 1;
  }
  if (content.length > LINE_SHOWN_MAX) content = `${content.slice(0, LINE_SHOWN_MAX)}…`;
  const gutter = `  ${line} | `;
  const indent = `${' '.repeat(gutter.length - 2)}| `;
  return `${gutter}${printable(content)}\n${indent}${blank(content.slice(0, caret))}^`;
}

/** Control characters could steer a terminal; tabs stay, so that the caret below them is in its place. */
function printable(text: string): string {
  return text.replace(/[^\P{Cc}\t]/gu, '�');
}

/** White space as wide as the text: East Asian wide characters take two columns. */
function blank(text: string): string {
  return text
    .replace(/\p{M}/gu, '')
    .replace(/[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6]/g, '\u3000')
    .replace(/[^\t\u3000]/g, ' ');
}
