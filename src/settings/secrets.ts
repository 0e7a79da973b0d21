import { isMap, isScalar, isSeq, type Node } from 'yaml';
import type { TextRange, YamlFile } from './yaml-file.ts';

/** Parts of a file's text that no message may show, in no order. */
export type SecretRanges = readonly TextRange[];

/** Keys that hold a secret unless their value only refers to one. Names of attributes are not meant: they are data's names, not settings. */
const SECRET_KEY =
  /^(?:key|password|passwd|secret|token|(?:aws_?)?(?:secret_?)?access_?key(?:_?id)?|secret_?key|private_?key|(?:aws_?)?session_?token)$/i;

/** Rules that have a `key`: text in place of their map is the key of someone who forgot the map. */
const KEYED_RULE = /^(?:hash|tokenize|encrypt)$/;

/** References to a secret that lies elsewhere; they may be shown. */
const REFERENCE = /^(?:env|file):/;

/** Text of the form of an AWS access key id. */
const ACCESS_KEY_ID = /(?<![A-Za-z0-9])A(?:KIA|SIA)[A-Z0-9]{16}(?![A-Za-z0-9])/g;

/** Text of the form of an AWS secret access key; three kinds of characters, which a path or a name seldom has. */
const SECRET_ACCESS_KEY =
  /(?<![A-Za-z0-9/+=])(?=[A-Za-z0-9/+]*[a-z])(?=[A-Za-z0-9/+]*[A-Z])(?=[A-Za-z0-9/+]*\d)[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])/g;

/** User and password in a URL. */
const URL_USER = /(?<=:\/\/)[^/\s@'"]+(?=@)/g;

/** `key: value` in text that cannot be parsed. */
const SECRET_SETTING =
  /(?:key|password|passwd|secret|token|access_?key_?id)["']?\s*:\s+(?!["']?(?:env|file):)(?=\S)([^\n]*)/gi;

/** Whether a key such as `secretAccessKey` would hold a secret. */
export function isSecretKey(name: string): boolean {
  return SECRET_KEY.test(name);
}

/** Everything in the file that is, or looks like, a secret. */
export function findSecrets(file: YamlFile): SecretRanges {
  const ranges: TextRange[] = [];
  for (const pattern of [ACCESS_KEY_ID, SECRET_ACCESS_KEY, URL_USER])
    for (const match of file.text.matchAll(pattern))
      ranges.push({ start: match.index, end: match.index + match[0].length });
  if (file.document.errors.length > 0)
    for (const match of file.text.matchAll(SECRET_SETTING)) {
      const end = match.index + match[0].length;
      ranges.push({ start: end - match[1].length, end });
    }
  collect(file.document.contents, [], ranges);
  return ranges;
}

/** Where in `range` the first secret begins, if it has one. */
export function hiddenFrom(secrets: SecretRanges, range: TextRange): number | undefined {
  const starts = secrets
    .filter((secret) => secret.start < range.end && secret.end > range.start)
    .map((secret) => Math.max(secret.start, range.start));
  return starts.length === 0 ? undefined : Math.min(...starts);
}

function collect(node: Node | null, path: readonly string[], into: TextRange[]): void {
  if (isSeq(node)) for (const item of node.items) collect(item as Node | null, path, into);
  if (!isMap(node)) return;
  const attributeNames = path.length === 2 && path[0] === 'policy' && path[1] === 'attributes';
  for (const pair of node.items) {
    const name = isScalar(pair.key) ? String(pair.key.value) : '';
    const value = pair.value as Node | null;
    const secret = isSecretKey(name) || (KEYED_RULE.test(name) && isScalar(value));
    if (!attributeNames && secret && value?.range && !isReference(value))
      into.push({ start: value.range[0], end: value.range[2] });
    else collect(value, [...path, name], into);
  }
}

/** Whether the node is `env:NAME` or `file:PATH`. */
export function isReference(node: Node): boolean {
  return isScalar(node) && typeof node.value === 'string' && REFERENCE.test(node.value);
}
