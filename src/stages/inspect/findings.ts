import type { Finding } from '../../model/finding.ts';
import type { Catalog, PathFacts } from './catalog.ts';

type Seen = Omit<Catalog, 'findings'>;

/** What matters to a migration in what was seen of a table. */
export function findingsOf(catalog: Seen): Finding[] {
  return [...tableFindings(catalog), ...itemFindings(catalog), ...pathFindings(catalog)];
}

function tableFindings({ table }: Seen): Finding[] {
  const findings: Finding[] = [];
  if (table.status !== 'ACTIVE')
    findings.push({
      severity: 'warning',
      code: 'TABLE_NOT_ACTIVE',
      message: `The table is ${table.status}, not ACTIVE.`,
      fix: 'Wait until it is ACTIVE before migrating it.',
    });
  if (table.pointInTimeRecovery === false)
    findings.push({
      severity: 'warning',
      code: 'PITR_OFF',
      message: 'Point-in-time recovery is off: there is no way back to an earlier state, and no native export to S3.',
      fix: 'Switch it on (`aws dynamodb update-continuous-backups`) unless the table has another backup.',
    });
  if (table.stream.view !== 'NEW_AND_OLD_IMAGES')
    findings.push({
      severity: 'note',
      code: 'STREAM_WITHOUT_IMAGES',
      message: table.stream.enabled
        ? `The stream has ${table.stream.view ?? 'no view'}; replicating changes needs both images.`
        : 'The stream is off; replicating changes needs one with both images.',
      fix: 'A single copy needs none. To replicate, enable a stream with NEW_AND_OLD_IMAGES.',
    });
  if (table.ttl !== 'unknown' && table.ttl.enabled)
    findings.push({
      severity: 'note',
      code: 'TTL_ON',
      message: `TTL deletes items by ${table.ttl.attribute ?? 'an attribute'}, also while the table is migrated and verified.`,
      fix: 'Expect items that expire meanwhile to be reported as differences.',
    });
  if (table.encryption.key === 'kms')
    findings.push({
      severity: 'note',
      code: 'ENCRYPTION_KEY_STAYS',
      message: 'The table is encrypted with a KMS key of its account; no key crosses to another partition.',
      fix: "A target that is created uses its own account's default KMS key for DynamoDB.",
    });
  return findings;
}

function itemFindings({ coverage, items }: Seen): Finding[] {
  const findings: Finding[] = [];
  if (coverage.kind === 'sample')
    findings.push({
      severity: 'note',
      code: 'SAMPLED',
      message: `Only ${coverage.items} items were read; attributes and types that few items have may be missing here.`,
      fix: 'Inspect all items to be sure.',
    });
  if (items.nearLimit > 0)
    findings.push({
      severity: 'warning',
      code: 'ITEMS_NEAR_LIMIT',
      message: `${items.nearLimit} items are above 90 % of DynamoDB's limit of 400 KB; the largest has ${items.sizeBytes.max} bytes.`,
      fix: 'A rule that lengthens a value (hash, encrypt, rename, set) can make such an item too large for the target.',
    });
  return findings;
}

function pathFindings({ paths, pathsLimit }: Seen): Finding[] {
  const findings: Finding[] = [];
  const sameButForCase = differingByCase(paths);
  if (sameButForCase.length > 0)
    findings.push({
      severity: 'warning',
      code: 'NAMES_DIFFER_BY_CASE',
      message: `Names that differ only in case are different attributes: ${enumerate(sameButForCase)}.`,
      fix: 'Name each of them in the policy; a rule or filter on one does not touch the other.',
    });
  const mixed = paths.filter(hasMixedTypes).map(({ path, types }) => `${path} (${Object.keys(types).join(', ')})`);
  if (mixed.length > 0)
    findings.push({
      severity: 'warning',
      code: 'MIXED_TYPES',
      message: `Values of several types are at: ${enumerate(mixed)}.`,
      fix: 'A comparison in the filter, and a rule made for one type, do not match the others.',
    });
  const replication = paths.map(({ path }) => path).filter((path) => path.startsWith('"aws:rep:'));
  if (replication.length > 0)
    findings.push({
      severity: 'warning',
      code: 'REPLICATION_ATTRIBUTES',
      message: `Global tables of version 2017.11.29 have left attributes of their own in the items: ${enumerate(replication)}.`,
      fix: 'Drop them in the policy: they say in which region and when an item was written, and mean nothing at the target.',
    });
  if (pathsLimit.reached)
    findings.push({
      severity: 'warning',
      code: 'PATHS_LIMIT',
      message: `The items have more than ${pathsLimit.max} attribute paths; the further ones are not listed.`,
      fix: 'Attribute names are probably made from data; a policy with `unlisted: drop` is the safe one here.',
    });
  return findings;
}

/** NULL beside another type is how many programs write a missing value; lists and folded maps hold what they like. */
function hasMixedTypes(path: PathFacts): boolean {
  if (path.folded === true || path.path.endsWith('[]')) return false;
  return Object.keys(path.types).filter((type) => type !== 'NULL').length > 1;
}

/** Groups of paths as texts; what lies below such paths differs by their case only and is not named again. */
function differingByCase(paths: readonly PathFacts[]): string[] {
  const byLowerCase = new Map<string, string[]>();
  for (const { path } of paths) {
    const lower = path.toLowerCase();
    byLowerCase.set(lower, [...(byLowerCase.get(lower) ?? []), path]);
  }
  const found: string[] = [];
  const groups: string[] = [];
  for (const [lower, group] of byLowerCase) {
    if (group.length < 2 || found.some((above) => lower.startsWith(`${above}.`) || lower.startsWith(`${above}[`)))
      continue;
    found.push(lower);
    groups.push(group.join(' / '));
  }
  return groups;
}

const NAMED_MAX = 10;

function enumerate(texts: readonly string[]): string {
  const more = texts.length - NAMED_MAX;
  return `${texts.slice(0, NAMED_MAX).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
