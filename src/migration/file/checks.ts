import { partitionOf } from '../../aws/partition.ts';
import type { Problem } from '../../settings/problem.ts';
import type { ParsedMigration } from './schema.ts';
import { problemAt, rolePartition, sameCredentials, twoCredentials } from '../../settings/site-checks.ts';
import type { YamlFile } from '../../settings/yaml-file.ts';

type Site = ParsedMigration['source'] | ParsedMigration['target'];

/** Keys that exclude each other. Only the file is asked, so that this is said also when other keys are wrong. */
export function exclusionProblems(file: YamlFile): Problem[] {
  const problems: Problem[] = [];
  const has = (...path: string[]): boolean => file.keyRange(path) !== undefined;
  const at = (message: string, ...path: string[]): void => void problems.push(problemAt(file, path, message));
  if (has('source')) {
    if (has('source', 'table') && has('source', 'export'))
      at('a table and an export are both given; remove one of the two', 'source', 'export');
    else if (!has('source', 'table') && !has('source', 'export'))
      at('neither table nor export is given; add table: <name>', 'source');
  }
  problems.push(...twoCredentials(file));
  if (!has('source', 'export')) return problems;
  for (const path of [
    ['source', 'consistentRead'],
    ['export', 'segments'],
    ['export', 'pushDown'],
    ['replicate', 'stream'],
    ['limits', 'read'],
  ])
    if (has(...path)) at('has no effect where an export is read instead of a table; remove it', ...path);
  return problems;
}

/** What is wrong between values that are right each by itself. Only what cannot work is refused. */
export function crossProblems(file: YamlFile, parsed: ParsedMigration): Problem[] {
  const { source, target } = parsed;
  return [
    ...[...rolePartition('source', source), ...rolePartition('target', target)].map(({ path, message }) =>
      problemAt(file, path, message),
    ),
    ...sameTable(file, source, target),
    ...conflictProblems(file, parsed),
    ...sameStaging(file, source, target),
  ];
}

function sameTable(file: YamlFile, source: Site, target: Site): Problem[] {
  if (source.table === undefined || source.table !== target.table || source.region !== target.region) return [];
  if (source.endpoint?.dynamodb !== target.endpoint?.dynamodb || !sameCredentials(source, target)) return [];
  const message = `this is the source table: same name, region${source.endpoint?.dynamodb === undefined ? '' : ', endpoint'} and credentials; name another table`;
  return [problemAt(file, ['target', 'table'], message)];
}

/** Whose write it is is told by the region's name, and tombstones are of deletes that two sites tell each other. */
function conflictProblems(file: YamlFile, { source, target, replicate }: ParsedMigration): Problem[] {
  const { conflict = 'none', tombstones } = replicate ?? {};
  if (conflict === 'none') {
    const message = 'has no effect without conflict; add conflict, or remove it';
    return tombstones === undefined ? [] : [problemAt(file, ['replicate', 'tombstones'], message)];
  }
  const problems: Problem[] = [];
  if (source.region === target.region) {
    const message = `both sites are in ${source.region}, and a write is told by the region where it was made; replicate both ways between two regions`;
    problems.push(problemAt(file, ['replicate', 'conflict'], message));
  }
  if (typeof conflict === 'object' && conflict.version === conflict.origin)
    problems.push(
      problemAt(file, ['replicate', 'conflict', 'origin'], 'this is the version; name the attribute with the region'),
    );
  return problems;
}

/** Bucket names are unique within a partition, whoever owns them; at an endpoint of one's own, only within the account. */
function sameStaging(file: YamlFile, source: Site, target: Site): Problem[] {
  if (source.staging.bucket !== target.staging.bucket || source.staging.prefix !== target.staging.prefix) return [];
  if (source.endpoint?.s3 !== target.endpoint?.s3) return [];
  const certain =
    source.endpoint?.s3 === undefined
      ? partitionOf(source.region).id === partitionOf(target.region).id
      : sameCredentials(source, target);
  const message = 'this is the staging of the source; give the target a bucket or a prefix of its own';
  return certain ? [problemAt(file, ['target', 'staging'], message)] : [];
}
