import type { SiteSettings } from '../aws/site.ts';
import { openSite } from '../aws/site.ts';
import { DynamoDbClient } from '../dynamodb/client.ts';
import { createTable } from '../dynamodb/create-table.ts';
import { findTable, keySchemaOf } from '../dynamodb/table.ts';
import { DynaferryError } from '../model/errors.ts';
import { keyAttributes } from '../model/key.ts';
import type { GenerateOptions } from './generate/profiles.ts';
import { profileTable } from './generate/table.ts';

export interface GenerateTableOptions extends GenerateOptions {
  /** Where the table is and with what it is written. */
  site: SiteSettings;
  table: string;
  /** Whether a missing table is made, with partition key PK and paid per request; false unless told. */
  create?: boolean;
  signal?: AbortSignal;
  /** Hears how many items of each batch have been written. */
  onWritten?: (items: number) => void;
  /** Environment that `environmentPrefix` of the site is read from; the process's own unless told. */
  env?: Readonly<Record<string, string | undefined>>;
}

/**
 * Writes generated profiles into a DynamoDB table and resolves with their number. Throws TABLE_NOT_FOUND where it is missing and may not be made,
 * KEY_SCHEMA_MISMATCH where its key is not PK, a string.
 */
export async function generateTable(options: GenerateTableOptions): Promise<number> {
  const { site, table, create = false, signal = new AbortController().signal, onWritten } = options;
  const client = new DynamoDbClient(openSite('source', site, options.env));
  try {
    await ensureTable(client, table, create, signal);
    // Faker's names take a third of a second to load, which nothing else needs.
    const [{ generateProfiles }, { writeItems }] = await Promise.all([
      import('./generate/profiles.ts'),
      import('./generate/write-items.ts'),
    ]);
    return await writeItems(client, table, generateProfiles(options), { signal, ...(onWritten && { onWritten }) });
  } finally {
    await client.close();
  }
}

async function ensureTable(client: DynamoDbClient, table: string, create: boolean, signal: AbortSignal): Promise<void> {
  const existing = await findTable(client, table, signal);
  if (existing === undefined) {
    if (create) {
      await createTable(client, profileTable(table), signal);
      return;
    }
    throw new DynaferryError('TABLE_NOT_FOUND', `there is no table '${table}' in ${client.site.region}`, {
      fix: 'Create it with the partition key PK of type S, or have it created (--create).',
    });
  }
  const key = keyAttributes(keySchemaOf(existing));
  if (key.length === 1 && key[0].name === 'PK' && key[0].type === 'S') return;
  throw new DynaferryError(
    'KEY_SCHEMA_MISMATCH',
    `the key of table '${table}' is ${key.map(({ name, type }) => `${name} (${type})`).join(', ')}; generated items have PK (S)`,
    { fix: 'Generate into a table with the partition key PK of type S and no sort key.' },
  );
}
