import leven from 'leven';
import { isMap, isScalar } from 'yaml';
import { z } from 'zod';
import { pathText, type Problem } from './problem.ts';
import { orList } from './leaf-schema.ts';
import { findSecrets, hiddenFrom, isSecretKey, type SecretRanges } from './secrets.ts';
import type { Path, YamlFile } from './yaml-file.ts';

type Issue = z.core.$ZodIssue;

/** A problem, and the key that an unknown key was probably meant to be. */
type Found = Problem & { meant?: string };

const MISSING = 'missing';

/** Stands before the list of keys in the message that `describeIssue` gives to an unknown key. */
const KNOWN_KEYS = 'known keys: ';

/** `params` of a custom issue whose path ends in a key that is wrong, whatever its value is. */
export const ABOUT_KEY = { about: 'key' };

/** How many letters a key may be off to be taken for another. */
const TYPO_DISTANCE_MAX = 3;
const SHOWN_VALUE_MAX = 60;

/** Messages for issues whose schema has none of its own; pass it as `error` to safeParse. */
export const describeIssue: z.core.$ZodErrorMap = (issue) => {
  if (issue.code === 'unrecognized_keys') return `${KNOWN_KEYS}${knownKeys(issue.inst).join(', ')}`;
  if (issue.code === 'invalid_type' && issue.expected === 'object')
    return `expected a map with ${orList(knownKeys(issue.inst))}`;
  if (issue.code === 'invalid_type') return `expected ${typeName(issue.expected)}`;
  if (issue.code === 'invalid_value') return `expected ${orList(issue.values.map(String))}`;
  if (issue.code === 'too_small' && issue.origin === 'string') return 'expected text that is not empty';
  if (issue.code === 'too_small') return `expected at least ${String(issue.minimum)}`;
  if (issue.code === 'too_big') return `expected at most ${String(issue.maximum)}`;
  return 'this is none of the forms that the key takes';
};

/** What to say of an unknown key that people write with good reason; undefined where nothing is known of it. */
export type KeyHint = (path: Path, key: string) => string | undefined;

/** The schema's issues as problems of the file. */
export function schemaProblems(file: YamlFile, issues: readonly Issue[], hint: KeyHint = () => undefined): Problem[] {
  const context: Context = { file, secrets: findSecrets(file), hint };
  return withoutEchoes(issues.flatMap((issue) => problemsOf(context, issue, [])));
}

interface Context {
  file: YamlFile;
  secrets: SecretRanges;
  hint: KeyHint;
}

/** Drops `missing` where the same map has the key misspelt: it is one mistake. */
function withoutEchoes(problems: Found[]): Problem[] {
  const meant = new Set(
    problems.flatMap((problem) =>
      problem.meant === undefined ? [] : [pathText([...problem.path.slice(0, -1), problem.meant])],
    ),
  );
  return problems.filter((problem) => problem.got !== MISSING || !meant.has(pathText(problem.path)));
}

function problemsOf(context: Context, issue: Issue, parent: Path): Found[] {
  const { file, secrets } = context;
  const path = [...parent, ...issue.path];
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => unknownKey(context, [...path, key], issue.message));
  if (issue.code === 'invalid_union') {
    const meant = meantBranch(issue.errors);
    if (meant !== undefined) return meant.flatMap((inner) => problemsOf(context, inner, path));
  }
  if (issue.code === 'custom' && issue.params?.['about'] === ABOUT_KEY.about)
    return [{ offset: (file.keyRange(path) ?? file.valueRange(path)).start, path, message: issue.message }];
  const range = file.valueRange(path);
  return [{ offset: range.start, path, got: gotText(file, path, secrets), message: issue.message }];
}

/** The branch of a union that the author meant: of those whose type fits, so that their problems lie deeper, the one with the least wrong. */
function meantBranch(branches: readonly Issue[][]): readonly Issue[] | undefined {
  const ranked = branches
    .filter((issues) => issues.every((issue) => issue.path.length > 0 || issue.code === 'unrecognized_keys'))
    .map((issues) => ({ issues, wrong: howWrong(issues) }))
    .sort((a, b) => a.wrong - b.wrong);
  return ranked.length === 1 || ranked[0]?.wrong < ranked[1]?.wrong ? ranked[0].issues : undefined;
}

/** A key that a form does not have speaks more against it than one that is still missing. */
function howWrong(issues: readonly Issue[]): number {
  return issues.reduce((sum, issue) => sum + (issue.code === 'unrecognized_keys' ? 2 * issue.keys.length : 1), 0);
}

function unknownKey({ file, hint }: Context, path: Path, message: string): Found {
  const offset = (file.keyRange(path) ?? file.valueRange(path)).start;
  const key = String(path[path.length - 1]);
  const known = hint(path, key) ?? credentialHint(path, key);
  if (known !== undefined) return { offset, path, message: known };
  if (!message.startsWith(KNOWN_KEYS)) return { offset, path, message };
  const keys = message.slice(KNOWN_KEYS.length).split(', ');
  const near = nearest(key, keys);
  const advice = near === undefined ? '' : `did you mean ${near}? `;
  const full = `unknown key; ${advice}the keys here are ${keys.join(', ')}`;
  return near === undefined ? { offset, path, message: full } : { offset, path, message: full, meant: near };
}

function credentialHint(path: Path, key: string): string | undefined {
  const parent = path[path.length - 2];
  if ((parent === 'source' || parent === 'target') && isSecretKey(key))
    return 'unknown key; credentials are never written into this file: use profile, role or credentials: env:PREFIX_';
  return undefined;
}

/** The word that was most likely meant. */
function nearest(word: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.min(TYPO_DISTANCE_MAX, Math.ceil(word.length / 2)) + 1;
  for (const candidate of known) {
    const distance = leven(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** What the file has at a path, in a form fit for a message. */
function gotText(file: YamlFile, path: Path, secrets: SecretRanges): string {
  const node = file.node(path);
  if (node === undefined) return file.keyRange(path) === undefined && path.length > 0 ? MISSING : 'got nothing';
  if (!isScalar(node)) return isMap(node) ? 'got a map' : 'got a list';
  const { value } = node;
  if (value === null) return 'got nothing';
  if (hiddenFrom(secrets, { start: node.range[0], end: node.range[1] }) !== undefined)
    return 'got a literal secret, which is not shown';
  const shown = typeof value === 'string' ? JSON.stringify(value) : (node.source ?? '');
  return `got ${shown.length > SHOWN_VALUE_MAX ? `${shown.slice(0, SHOWN_VALUE_MAX)}…` : shown}`;
}

function knownKeys(schema: unknown): string[] {
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

function typeName(expected: string): string {
  const names: Record<string, string> = { string: 'text', object: 'a map', record: 'a map', array: 'a list' };
  return names[expected] ?? `a ${expected}`;
}
