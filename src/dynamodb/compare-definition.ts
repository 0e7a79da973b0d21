import type { Finding, FindingSeverity } from '../model/finding.ts';
import { isOnDemand, type IndexDescription, type KeyElement, type TableDescription } from './table.ts';
import { usesKms, type IndexDefinition, type TableDefinition } from './table-definition.ts';

/**
 * How an existing table differs from the wanted one. An error is what makes loading impossible: another key; the rest is for the user to judge.
 */
export function compareDefinition(existing: TableDescription, wanted: TableDefinition): Finding[] {
  return [...compareKey(existing, wanted), ...compareIndexes(existing, wanted), ...compareSettings(existing, wanted)];
}

type Typed = Pick<TableDefinition, 'AttributeDefinitions'>;

/** `PK (S), SK (N)`. */
function keyText(elements: readonly KeyElement[], { AttributeDefinitions: types }: Typed): string {
  // The partition key comes first, whatever the order of the answer.
  const ordered = [...elements].sort((a, b) => a.KeyType.localeCompare(b.KeyType));
  return ordered
    .map(({ AttributeName: name }) => `${name} (${types.find((one) => one.AttributeName === name)?.AttributeType})`)
    .join(', ');
}

/** The same, with what is a partition and what a sort key. */
function keyIdentity(elements: readonly KeyElement[], types: Typed): string {
  return `${elements
    .map((element) => element.KeyType)
    .sort()
    .join()} ${keyText(elements, types)}`;
}

function compareKey(existing: TableDescription, wanted: TableDefinition): Finding[] {
  if (keyIdentity(existing.KeySchema, existing) === keyIdentity(wanted.KeySchema, wanted)) return [];
  return [
    {
      severity: 'error',
      code: 'KEY_SCHEMA_MISMATCH',
      message: `The target table ${existing.TableName} has the key ${keyText(existing.KeySchema, existing)}; the items have ${keyText(wanted.KeySchema, wanted)}.`,
      fix: 'Rename or set the key attributes by a rule, or load into a table with the same key.',
    },
  ];
}

function compareIndexes(existing: TableDescription, wanted: TableDefinition): Finding[] {
  const there = allIndexes(existing);
  const wantedIndexes = allIndexes(wanted);
  const findings = wantedIndexes.flatMap((index) => {
    const same = there.find((one) => one.IndexName === index.IndexName);
    return same === undefined ? missingIndex(index, wanted) : compareIndex(same, existing, index, wanted);
  });
  const extra = there.filter((index) => !wantedIndexes.some((one) => one.IndexName === index.IndexName));
  if (extra.length > 0)
    findings.push({
      severity: 'note',
      code: 'INDEX_EXTRA',
      message: `The target has indexes that the source has not: ${extra.map((index) => `${index.IndexName} on ${keyText(index.KeySchema, existing)}`).join('; ')}.`,
      fix: 'Each costs write units, and an item whose attribute has another type than the index is refused; drop those that nobody needs.',
    });
  return findings;
}

function allIndexes(table: TableDescription | TableDefinition): (IndexDescription | IndexDefinition)[] {
  return [...(table.LocalSecondaryIndexes ?? []), ...(table.GlobalSecondaryIndexes ?? [])];
}

function missingIndex(index: IndexDefinition, wanted: TableDefinition): Finding[] {
  const isLocal = wanted.LocalSecondaryIndexes?.includes(index) === true;
  return [
    {
      severity: 'warning',
      code: 'INDEX_MISSING',
      message: `The target has no index ${index.IndexName} on ${keyText(index.KeySchema, wanted)}.`,
      fix: isLocal
        ? 'A local index can only be made with the table: let dynaferry create the table, or do without.'
        : 'Add it to the target after the load, when it costs least, or let dynaferry create the table.',
    },
  ];
}

function compareIndex(
  there: IndexDescription | IndexDefinition,
  existing: TableDescription,
  index: IndexDefinition,
  wanted: TableDefinition,
): Finding[] {
  const differences: string[] = [];
  if (keyIdentity(there.KeySchema, existing) !== keyIdentity(index.KeySchema, wanted))
    differences.push(`its key is ${keyText(there.KeySchema, existing)}, not ${keyText(index.KeySchema, wanted)}`);
  const projected = (one: IndexDefinition | IndexDescription): string =>
    [one.Projection.ProjectionType ?? 'ALL', ...[...(one.Projection.NonKeyAttributes ?? [])].sort()].join(' ');
  if (projected(there) !== projected(index))
    differences.push(`its projection is ${projected(there)}, not ${projected(index)}`);
  if (differences.length === 0) return [];
  return [
    {
      severity: 'warning',
      code: 'INDEX_DIFFERENT',
      message: `The target's index ${index.IndexName} differs: ${differences.join('; ')}.`,
      fix: 'Make it again if queries at the target need it as it is at the source.',
    },
  ];
}

function compareSettings(existing: TableDescription, wanted: TableDefinition): Finding[] {
  const findings: Finding[] = [];
  const differ = (
    severity: FindingSeverity,
    code: string,
    setting: string,
    is: string,
    want: string,
    fix: string,
  ): void => {
    if (is !== want)
      findings.push({ severity, code, message: `The target's ${setting} is ${is}; the source's is ${want}.`, fix });
  };
  const update = 'Change it on the target table if it should be as at the source.';
  const capacity = 'Set the capacity that the load and the users of the target need.';
  differ('warning', 'BILLING_DIFFERENT', 'billing', billingText(existing), billingText(describedBy(wanted)), capacity);
  const tableClass = existing.TableClassSummary?.TableClass ?? 'STANDARD';
  differ('warning', 'TABLE_CLASS_DIFFERENT', 'table class', tableClass, wanted.TableClass ?? 'STANDARD', update);
  if (wanted.StreamSpecification !== undefined) {
    const stream = existing.StreamSpecification;
    const view = stream?.StreamEnabled === true ? (stream.StreamViewType ?? 'on') : 'off';
    differ('warning', 'STREAM_DIFFERENT', 'stream', view, wanted.StreamSpecification.StreamViewType, update);
  }
  if (wanted.SSESpecification !== undefined)
    differ('warning', 'ENCRYPTION_DIFFERENT', 'encryption', usesKms(existing) ? 'KMS' : 'AWS owned', 'KMS', update);
  if (wanted.DeletionProtectionEnabled === true)
    differ(
      'note',
      'DELETION_PROTECTION_OFF',
      'deletion protection',
      existing.DeletionProtectionEnabled === true ? 'on' : 'off',
      'on',
      update,
    );
  return findings;
}

type Billed = Pick<TableDescription, 'BillingModeSummary' | 'ProvisionedThroughput'>;

function describedBy({ BillingMode, ProvisionedThroughput }: TableDefinition): Billed {
  return { BillingModeSummary: { BillingMode }, ProvisionedThroughput };
}

function billingText(table: Billed): string {
  if (isOnDemand(table)) return 'on-demand';
  const { ReadCapacityUnits = 0, WriteCapacityUnits = 0 } = table.ProvisionedThroughput ?? {};
  return `provisioned with ${ReadCapacityUnits} read and ${WriteCapacityUnits} write units`;
}
