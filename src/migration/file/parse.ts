import { FilterError } from '../../policy/filter/filter-error.ts';
import { parseFilter } from '../../policy/filter/parser.ts';
import { checkFile, readFileText, type FileKind } from '../../settings/check-file.ts';
import { problemsError } from '../../settings/problem.ts';
import { offsetInFile } from '../../settings/scalar-offset.ts';
import type { YamlFile } from '../../settings/yaml-file.ts';
import { crossProblems, exclusionProblems } from './checks.ts';
import { normalise, type MigrationFile } from './migration-file.ts';
import { migrationSchema } from './schema.ts';

const kind: FileKind<typeof migrationSchema> = {
  name: 'migration.yaml',
  docs: 'docs/formats/migration-file.md describes every key',
  schema: migrationSchema,
  hint: (path, key) =>
    path[path.length - 2] === 'load' && key === 'newer'
      ? 'unknown key; newer is a mode: write { mode: { newer: { by: <attribute> } } }'
      : undefined,
  exclusions: exclusionProblems,
  contradictions: crossProblems,
};

/**
 * Reads migration.yaml from disk.
 * Throws CONFIG_INVALID when it cannot be read or is not valid; the message has all problems, each with line, key, value and fix.
 */
export async function readMigrationFile(path: string): Promise<MigrationFile> {
  return parseMigrationFile(await readFileText(path, kind.name), path);
}

/** Reads the text of a migration.yaml; `fileName` is for messages alone. Throws only CONFIG_INVALID, as checkFile does, or POLICY_INVALID for the filter. */
export function parseMigrationFile(text: string, fileName: string): MigrationFile {
  const { file, parsed } = checkFile(text, fileName, kind);
  const migration = normalise(parsed);
  const { filter } = migration.policy;
  if (filter !== undefined) checkFilter(file, filter);
  return migration;
}

/** The filter's own parser counts positions in the filter; the message points into the file. */
function checkFilter(file: YamlFile, filter: string): void {
  try {
    parseFilter(filter);
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
    const path = ['policy', 'filter'];
    const problem = { offset: offsetInFile(file, path, error.offset), path, message: error.problem };
    throw problemsError('POLICY_INVALID', file, [problem], 'docs/policy.md describes the filter and the rules');
  }
}
