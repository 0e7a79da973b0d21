import { DynaferryError } from '../model/errors.ts';
import type { Finding } from '../model/finding.ts';
import type { DynamoDbClient } from './client.ts';
import { compareDefinition } from './compare-definition.ts';
import type { TableDefinition } from './table-definition.ts';
import { tagsOf, waitUntilActive, type TableDescription } from './table.ts';

/**
 * Creates the table, without TTL, and waits until it and its indexes are ACTIVE. What the endpoint did not take (emulators ignore some settings) is
 * reported. May be called again, and by several processes at once: a table that is there already is compared instead. Throws
 * KEY_SCHEMA_MISMATCH where a table of another key got in between.
 */
export async function createTable(
  client: DynamoDbClient,
  definition: TableDefinition,
  signal?: AbortSignal,
): Promise<{ table: TableDescription; findings: Finding[] }> {
  await create(client, definition, signal);
  const table = await waitUntilActive(client, definition.TableName, signal);
  const differences = compareDefinition(table, definition);
  const error = differences.find((finding) => finding.severity === 'error');
  if (error !== undefined) throw new DynaferryError('KEY_SCHEMA_MISMATCH', error.message, { fix: error.fix });
  return { table, findings: [...differences, ...(await compareTags(client, table, definition, signal))] };
}

async function create(client: DynamoDbClient, definition: TableDefinition, signal?: AbortSignal): Promise<void> {
  try {
    await client.callJson('CreateTable', definition.TableName, definition, signal);
  } catch (error) {
    if (!(error instanceof DynaferryError)) throw error;
    // An attempt whose answer was lost has created it, or another process did.
    if (error.serviceCode === 'ResourceInUseException') return;
    if (error.code === 'ACCESS_DENIED' && definition.Tags !== undefined)
      throw new DynaferryError('ACCESS_DENIED', error.message, {
        fix: `Allow dynamodb:CreateTable and, for the table's tags, dynamodb:TagResource for the ${client.site.role}'s credentials.`,
        serviceCode: error.serviceCode,
        status: error.status,
        cause: error,
      });
    throw error;
  }
}

async function compareTags(
  client: DynamoDbClient,
  table: TableDescription,
  { Tags: wanted = [] }: TableDefinition,
  signal?: AbortSignal,
): Promise<Finding[]> {
  if (wanted.length === 0) return [];
  try {
    const there = await tagsOf(client, table, signal);
    const missing = wanted.filter((tag) => !there.some((one) => one.Key === tag.Key && one.Value === tag.Value));
    if (missing.length === 0) return [];
    return [
      {
        severity: 'warning',
        code: 'TAGS_MISSING',
        message: `The target lacks tags of the source: ${missing.map((tag) => tag.Key).join(', ')}.`,
        fix: 'Set them (`aws dynamodb tag-resource`) if costs or permissions depend on them.',
      },
    ];
  } catch (error) {
    if (!(error instanceof DynaferryError)) throw error;
    if (error.code !== 'ACCESS_DENIED' && error.serviceCode !== 'UnknownOperationException') throw error;
    return [
      {
        severity: 'unknown',
        code: 'TAGS_UNKNOWN',
        message: `Whether the target has the source's tags could not be checked (${error.serviceCode}).`,
        fix: 'Allow dynamodb:ListTagsOfResource to have it checked; emulators may not know tags.',
      },
    ];
  }
}
