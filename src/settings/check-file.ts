import { readFile } from 'node:fs/promises';
import type { z } from 'zod';
import { DynaferryError } from '../model/errors.ts';
import { pathText, problemsError, type Problem } from './problem.ts';
import { describeIssue, schemaProblems, type KeyHint } from './schema-problems.ts';
import { contentProblems, syntaxProblems } from './yaml-problems.ts';
import { YamlFile } from './yaml-file.ts';

/** A kind of file, such as migration.yaml, and what makes one of it valid. */
export interface FileKind<Schema extends z.ZodType> {
  /** The name that such a file usually has. */
  name: string;
  /** Says which document describes its keys. */
  docs: string;
  schema: Schema;
  /** What is said of unknown keys that people write with good reason. */
  hint?: KeyHint;
  /** Keys that exclude each other. Only the file is asked, so that this is said also when other keys are wrong. */
  exclusions: (file: YamlFile) => Problem[];
  /** What is wrong between values that are right each by itself. */
  contradictions: (file: YamlFile, parsed: z.output<Schema>) => Problem[];
}

/** A few dozen settings and some hundred rules are far below this. */
const FILE_BYTES_MAX = 1024 * 1024;

/**
 * What a file says, where it is valid. Throws only CONFIG_INVALID, whose message has up to 20 problems as `file:line:column: key: got value: what is
 * expected`, each with its line and a caret. Secrets that stand in the text are not shown.
 */
export function checkFile<Schema extends z.ZodType>(
  text: string,
  fileName: string,
  kind: FileKind<Schema>,
): { file: YamlFile; parsed: z.output<Schema> } {
  if (text.length > FILE_BYTES_MAX)
    throw new DynaferryError('CONFIG_INVALID', `${fileName}: larger than 1 MiB, which no ${kind.name} is`);
  const file = new YamlFile(text, fileName);
  const result = check(file, kind);
  if ('problems' in result) throw problemsError('CONFIG_INVALID', file, result.problems, kind.docs);
  return { file, parsed: result.parsed };
}

function check<Schema extends z.ZodType>(
  file: YamlFile,
  kind: FileKind<Schema>,
): { parsed: z.output<Schema> } | { problems: Problem[] } {
  const syntax = syntaxProblems(file);
  // What a parser makes of text that is not YAML says nothing about the settings.
  if (syntax.length > 0) return { problems: syntax };
  const { unreadable, misread } = contentProblems(file);
  if (unreadable.length > 0) return { problems: unreadable };
  const parsed = kind.schema.safeParse(file.document.toJS(), { error: describeIssue });
  const told = new Set(misread.map(({ path }) => pathText(path)));
  const problems = [
    ...misread,
    ...kind.exclusions(file),
    ...(parsed.success
      ? kind.contradictions(file, parsed.data)
      : schemaProblems(file, parsed.error.issues, kind.hint).filter(({ path }) => !told.has(pathText(path)))),
  ];
  return problems.length > 0 || !parsed.success ? { problems } : { parsed: parsed.data };
}

/** The text of a file on disk. Throws CONFIG_INVALID where it cannot be read; `name` is what such a file is usually called. */
export async function readFileText(path: string, name: string): Promise<string> {
  try {
    const bytes = await readFile(path);
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new DynaferryError('CONFIG_INVALID', `${path}: ${whyUnreadable(error)}`, {
      fix: `Give the path of a ${name} that can be read.`,
      cause: error,
    });
  }
}

function whyUnreadable(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EACCES') return 'no permission to read it';
  if (code === 'EISDIR') return 'this is a folder; name the file in it';
  if (error instanceof TypeError) return 'it is not UTF-8 text; save it as UTF-8';
  return `it cannot be read (${typeof code === 'string' ? code : 'unknown reason'})`;
}
