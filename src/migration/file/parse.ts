import { readFile } from 'node:fs/promises';
import { DynaferryError } from '../../model/errors.ts';
import { FilterError } from '../../policy/filter/filter-error.ts';
import { parseFilter } from '../../policy/filter/parser.ts';
import { crossProblems, exclusionProblems } from './checks.ts';
import { normalise, type MigrationFile } from './migration-file.ts';
import { pathText, problemsError, type Problem } from './problem.ts';
import { offsetInFile } from './scalar-offset.ts';
import { migrationSchema } from './schema.ts';
import { describeIssue, schemaProblems } from './schema-problems.ts';
import { findSecrets } from './secrets.ts';
import { contentProblems, syntaxProblems } from './yaml-problems.ts';
import { YamlFile } from './yaml-file.ts';

/** A migration has a few dozen settings and some hundred rules. */
const FILE_BYTES_MAX = 1024 * 1024;

/**
 * Reads migration.yaml from disk.
 * Throws CONFIG_INVALID when it cannot be read or is not valid; the message has all problems, each with line, key, value and fix.
 */
export async function readMigrationFile(path: string): Promise<MigrationFile> {
  return parseMigrationFile(await readText(path), path);
}

/**
 * Reads the text of a migration.yaml; `fileName` is for messages alone. Throws only CONFIG_INVALID, or POLICY_INVALID for the filter, whose message has up to 20 problems as
 * `file:line:column: key: got value: what is expected`, each with its line and a caret. Secrets that stand in the text are not shown.
 */
export function parseMigrationFile(text: string, fileName: string): MigrationFile {
  if (text.length > FILE_BYTES_MAX)
    throw new DynaferryError('CONFIG_INVALID', `${fileName}: larger than 1 MiB, which no migration file is`);
  const file = new YamlFile(text, fileName);
  const result = check(file);
  if ('problems' in result) throw problemsError('CONFIG_INVALID', file, result.problems);
  const { filter } = result.migration.policy;
  if (filter !== undefined) checkFilter(file, filter);
  return result.migration;
}

/** The filter's own parser counts positions in the filter; the message points into the file. */
function checkFilter(file: YamlFile, filter: string): void {
  try {
    parseFilter(filter);
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
    const path = ['policy', 'filter'];
    throw problemsError('POLICY_INVALID', file, [
      { offset: offsetInFile(file, path, error.offset), path, message: error.problem },
    ]);
  }
}

function check(file: YamlFile): { migration: MigrationFile } | { problems: Problem[] } {
  const syntax = syntaxProblems(file);
  // What a parser makes of text that is not YAML says nothing about the settings.
  if (syntax.length > 0) return { problems: syntax };
  const { unreadable, misread } = contentProblems(file);
  if (unreadable.length > 0) return { problems: unreadable };
  const parsed = migrationSchema.safeParse(file.document.toJS(), { error: describeIssue });
  const told = new Set(misread.map(({ path }) => pathText(path)));
  const problems = [
    ...misread,
    ...exclusionProblems(file),
    ...(parsed.success
      ? crossProblems(file, parsed.data)
      : schemaProblems(file, parsed.error.issues, findSecrets(file)).filter(({ path }) => !told.has(pathText(path)))),
  ];
  return problems.length > 0 || !parsed.success ? { problems } : { migration: normalise(parsed.data) };
}

async function readText(path: string): Promise<string> {
  try {
    const bytes = await readFile(path);
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new DynaferryError('CONFIG_INVALID', `${path}: ${whyUnreadable(error)}`, {
      fix: 'Give the path of a migration.yaml that can be read.',
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
