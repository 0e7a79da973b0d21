import { isAlias, isMap, isScalar, isSeq, type ErrorCode, type Node } from 'yaml';
import { canonicalNumber, isNumber } from '../model/number.ts';
import type { Problem } from './problem.ts';
import { isReference } from './secrets.ts';
import type { Path, YamlFile } from './yaml-file.ts';

/** Deeper than any setting lies, values of 32 levels that a rule sets included; keeps what walks the tree off the end of the stack. */
const DEPTH_MAX = 128;

const LITERAL_KEY =
  'the key itself stands in the file (it is not shown here); put it into an environment variable or a file and write key: env:NAME or key: file:PATH';

/** What the parser's codes mean to the author of a file. Its own messages may repeat the file's text, which may hold a secret. */
const syntax: Readonly<Record<ErrorCode, string>> = {
  ALIAS_PROPS: 'an alias cannot have an anchor or a tag; write the value out',
  BAD_ALIAS: 'YAML aliases are not supported; write the value out',
  BAD_COLLECTION_TYPE: 'the tag does not fit the value; remove the tag',
  BAD_DIRECTIVE: 'YAML directives are not supported; remove the line that begins with %',
  BAD_DQ_ESCAPE: 'no such escape in a double-quoted string; write \\\\ for a backslash, or use single quotes',
  BAD_INDENT: 'the indentation does not fit the lines above; or is a } or ] missing there?',
  BAD_PROP_ORDER: 'an anchor or a tag is in the wrong place; remove it',
  BAD_SCALAR_START: "a value cannot begin with this character; put it in quotes, as in '…'",
  BLOCK_AS_IMPLICIT_KEY:
    "a second `key:` on the same line, or a value with `: ` in it; put the value in quotes, as in '…'",
  BLOCK_IN_FLOW: 'a list or map of several lines cannot stand within { } or [ ]',
  DUPLICATE_KEY: 'this key is already given above; remove one of the two',
  IMPOSSIBLE: 'this is not YAML',
  KEY_OVER_1024_CHARS: 'this key is longer than 1024 characters',
  MISSING_CHAR: "something is missing here: a closing quote, bracket or brace, or the ': ' behind a key",
  MULTILINE_IMPLICIT_KEY: "a key must stand on one line; is its ':' missing, or a closing quote above?",
  MULTIPLE_ANCHORS: 'two anchors on one value; remove them',
  MULTIPLE_DOCS: 'a second document begins here (---); put it into a file of its own',
  MULTIPLE_TAGS: 'two tags on one value; remove them',
  NON_STRING_KEY: 'a key must be text, not a list or map',
  RESOURCE_EXHAUSTION: 'nested too deeply',
  TAB_AS_INDENT: 'a tab is used for indentation; use spaces',
  TAG_RESOLVE_FAILED: 'YAML tags (!…) are not supported; remove the tag',
  UNEXPECTED_TOKEN: 'unexpected here; check the indentation, quotes and brackets of this line and the one above',
};

/** Codes that stand for one mistake each; after any other, what the parser says of the rest of the file confuses. */
const independent: ReadonlySet<ErrorCode> = new Set(['DUPLICATE_KEY', 'TAG_RESOLVE_FAILED', 'NON_STRING_KEY']);

/** What is wrong with the file as YAML. */
export function syntaxProblems(file: YamlFile): Problem[] {
  const problems: Problem[] = [];
  const found = [...file.document.errors, ...file.document.warnings].sort((a, b) => a.pos[0] - b.pos[0]);
  for (const { code, pos } of found) {
    problems.push({ offset: Math.min(pos[0], file.text.length), path: [], message: syntax[code] });
    if (!independent.has(code)) break;
  }
  return problems;
}

/** What YAML allows and a file of settings does not. */
export interface ContentProblems {
  /** Such that the file cannot be turned into plain values. */
  unreadable: Problem[];
  /** Such that a value would not be read as it is written. */
  misread: Problem[];
}

/** Looks at every key and value of a file that is good YAML. */
export function contentProblems(file: YamlFile): ContentProblems {
  const found: ContentProblems = { unreadable: [], misread: [] };
  visit(file.document.contents, [], found);
  return found;
}

function visit(node: Node | null, path: Path, found: ContentProblems): void {
  if (node === null) return;
  const offset = node.range?.[0] ?? 0;
  if (path.length > DEPTH_MAX) {
    found.unreadable.push({ offset, path: path.slice(0, 3), message: syntax.RESOURCE_EXHAUSTION });
    return;
  }
  if (isAlias(node)) found.unreadable.push({ offset, path, message: syntax.BAD_ALIAS });
  else if (isLiteralKey(node, path)) found.misread.push({ offset, path, message: LITERAL_KEY });
  else if (isScalar(node)) checkScalar(node.value, node.source, offset, path, found.misread);
  else if (isSeq(node)) node.items.forEach((item, index) => visit(item as Node | null, [...path, index], found));
  else if (isMap(node))
    for (const { key, value } of node.items) {
      const keyPath = [...path, isScalar(key) ? String(key.value) : ''];
      checkKey(key as Node, keyPath, found.misread);
      visit(value as Node | null, keyPath, found);
    }
}

function checkKey(key: Node, path: Path, problems: Problem[]): void {
  const offset = key.range?.[0] ?? 0;
  const name = path[path.length - 1];
  // An object in JavaScript cannot carry this key safely, and a rule that is lost would let an attribute through.
  if (name === '__proto__') problems.push({ offset, path, message: 'this name is not supported' });
  // In quotes it is an attribute's name like any other.
  if (name === '<<' && isScalar(key) && key.type === 'PLAIN')
    problems.push({ offset, path, message: 'YAML merge keys (<<) are not supported; write the keys out' });
}

/** Whether it is the `key` of a rule, and not a reference to one. */
function isLiteralKey(node: Node, path: Path): boolean {
  const isKey = path.length === 5 && path[1] === 'attributes' && path[4] === 'key';
  return isKey && isScalar(node) && node.value !== null && !isReference(node);
}

function checkScalar(
  value: unknown,
  source: string | undefined,
  offset: number,
  path: Path,
  problems: Problem[],
): void {
  if (typeof value === 'string' && /\$\{[A-Za-z_]\w*\}/.test(value))
    problems.push({
      offset,
      path,
      message: '${…} is not replaced in this file; write the value out, or make the file with a tool such as envsubst',
    });
  if (typeof value !== 'number' || source === undefined) return;
  if (!isNumber(source))
    problems.push({ offset, path, message: 'a number must be decimal, such as 16 or 1.5; text goes in quotes' });
  else if (!Number.isFinite(value) || canonicalNumber(source) !== canonicalNumber(String(value)))
    problems.push({
      offset,
      path,
      message: 'this number has more digits, or is greater, than would be read; put it in quotes to have it as text',
    });
}
