import { isMap } from 'yaml';
import { partitionOf } from '../../aws/partition.ts';
import type { Problem } from './problem.ts';
import type { ParsedMigration } from './schema.ts';
import type { Path, YamlFile } from './yaml-file.ts';

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
  for (const site of ['source', 'target'])
    if (has(site, 'profile') && has(site, 'credentials'))
      at('credentials come from one place: remove profile or credentials', site, 'credentials');
  if (!has('source', 'export')) return problems;
  for (const path of [
    ['source', 'consistentRead'],
    ['export', 'segments'],
    ['export', 'pushDown'],
    ['limits', 'read'],
  ])
    if (has(...path)) at('has no effect where an export is read instead of a table; remove it', ...path);
  return problems;
}

/** What is wrong between values that are right each by itself. Only what cannot work is refused. */
export function crossProblems(file: YamlFile, parsed: ParsedMigration): Problem[] {
  const { source, target } = parsed;
  return [
    ...rolePartition(file, 'source', source),
    ...rolePartition(file, 'target', target),
    ...sameTable(file, source, target),
    ...sameStaging(file, source, target),
  ];
}

function rolePartition(file: YamlFile, name: string, site: Site): Problem[] {
  if (site.role === undefined) return [];
  const [path, arn] =
    typeof site.role === 'string' ? [[name, 'role'], site.role] : [[name, 'role', 'arn'], site.role.arn];
  const has = arn.split(':')[1];
  const needs = partitionOf(site.region).id;
  if (has === needs) return [];
  const message = `a role of the partition ${has} cannot be assumed in ${site.region}, which is in ${needs}; name a role arn:${needs}:iam::…`;
  return [problemAt(file, path, message)];
}

function sameTable(file: YamlFile, source: Site, target: Site): Problem[] {
  if (source.table === undefined || source.table !== target.table || source.region !== target.region) return [];
  if (source.endpoint?.dynamodb !== target.endpoint?.dynamodb || !sameCredentials(source, target)) return [];
  const message = `this is the source table: same name, region${source.endpoint?.dynamodb === undefined ? '' : ', endpoint'} and credentials; name another table`;
  return [problemAt(file, ['target', 'table'], message)];
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

function sameCredentials(a: Site, b: Site): boolean {
  const arn = (site: Site): string | undefined => (typeof site.role === 'string' ? site.role : site.role?.arn);
  return a.profile === b.profile && a.credentials === b.credentials && arn(a) === arn(b);
}

function problemAt(file: YamlFile, path: Path, message: string): Problem {
  // A map begins at its first key, which has nothing to do with it.
  const range = isMap(file.node(path)) ? file.keyRange(path) : undefined;
  return { offset: (range ?? file.valueRange(path)).start, path, message };
}
