import { isMap } from 'yaml';
import { partitionOf } from '../aws/partition.ts';
import type { Problem } from './problem.ts';
import type { Path, YamlFile } from './yaml-file.ts';

/** What a file says of where a site's credentials come from. */
export interface SiteCredentials {
  profile?: string | undefined;
  credentials?: string | undefined;
  role?: string | { arn: string } | undefined;
}

/** Something wrong between values, wherever they were given. */
export interface Contradiction {
  /** The value that it is told at. */
  path: Path;
  /** What is expected, and the fix. */
  message: string;
}

/** Where `profile` and `credentials` are both given. */
export function twoCredentials(file: YamlFile): Problem[] {
  return ['source', 'target']
    .filter(
      (site) => file.keyRange([site, 'profile']) !== undefined && file.keyRange([site, 'credentials']) !== undefined,
    )
    .map((site) =>
      problemAt(file, [site, 'credentials'], 'credentials come from one place: remove profile or credentials'),
    );
}

/** A role of another partition than the region's, which no credentials could assume. */
export function rolePartition(name: string, site: SiteCredentials & { region: string }): Contradiction[] {
  if (site.role === undefined) return [];
  const [path, arn] =
    typeof site.role === 'string' ? [[name, 'role'], site.role] : [[name, 'role', 'arn'], site.role.arn];
  const has = arn.split(':')[1];
  const needs = partitionOf(site.region).id;
  if (has === needs) return [];
  const message = `a role of the partition ${has} cannot be assumed in ${site.region}, which is in ${needs}; name a role arn:${needs}:iam::…`;
  return [{ path, message }];
}

/** Whether both sites are reached as the same account, as far as the file tells. */
export function sameCredentials(a: SiteCredentials, b: SiteCredentials): boolean {
  const arn = (site: SiteCredentials): string | undefined =>
    typeof site.role === 'string' ? site.role : site.role?.arn;
  return a.profile === b.profile && a.credentials === b.credentials && arn(a) === arn(b);
}

/** Where the file has the value at a path. */
export function problemAt(file: YamlFile, path: Path, message: string): Problem {
  // A map begins at its first key, which has nothing to do with it.
  const range = isMap(file.node(path)) ? file.keyRange(path) : undefined;
  return { offset: (range ?? file.valueRange(path)).start, path, message };
}
