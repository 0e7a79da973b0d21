import { createTable } from '../dynamodb/create-table.ts';
import { compareDefinition } from '../dynamodb/compare-definition.ts';
import { definitionLike, type TableDefinition } from '../dynamodb/table-definition.ts';
import {
  enableTtl,
  findTable,
  keySchemaOf,
  tagsOf,
  ttlAttribute,
  waitUntilActive,
  type TableDescription,
  type Tag,
} from '../dynamodb/table.ts';
import { DynaferryError } from '../model/errors.ts';
import type { Finding } from '../model/finding.ts';
import type { KeySchema } from '../model/key.ts';
import type { ExportHeader } from '../staging/header.ts';
import type { TargetSettings } from './file/migration-file.ts';
import { targetDefinition } from './preflight.ts';
import type { Workspace } from './workspace.ts';

/** What the export's header says of the table to be made. */
export type TableInHeader = Pick<ExportHeader, 'table' | 'ttlAttribute'>;

/** The definition of a target like the source, for the export's header; nothing where the source is an export. */
export async function describeForTarget(workspace: Workspace): Promise<TableInHeader> {
  const { signal } = workspace.options.context;
  const source = await workspace.sourceTable();
  if (source === undefined) return {};
  const client = await workspace.sourceDynamoDb();
  const policy = await workspace.policy();
  const tell = notCarried(workspace);
  const tags: Tag[] = await optional(() => tagsOf(client, source, signal), [], tell('tags'));
  const target = targetDefinition(workspace, policy, source);
  const { definition } = definitionLike(source, { ...target, tags });
  const ttl = await optional(() => ttlAttribute(client, source.TableName, signal), undefined, tell('TTL'));
  const ttlAtTarget = ttl === undefined ? undefined : policy.keyAttributeAtTarget({ name: ttl, type: 'N' })?.name;
  return { table: { ...definition }, ...(ttlAtTarget === undefined ? {} : { ttlAttribute: ttlAtTarget }) };
}

/** Makes the target table where it is missing and may be made, and checks that its key is the one of the items that will be loaded. */
export async function ensureTargetTable(
  workspace: Workspace,
  header: (TableInHeader & { keySchema: KeySchema }) | undefined,
): Promise<{ table: TableDescription; findings: Finding[] }> {
  const { signal } = workspace.options.context;
  const { target } = workspace.file;
  const client = await workspace.targetDynamoDb();
  const found = await findTable(client, target.table, signal);
  // Left by a run that was killed, or by somebody at this moment: until it is ACTIVE, writes find no table.
  const existing = found?.TableStatus === 'CREATING' ? await waitUntilActive(client, target.table, signal) : found;
  const definition =
    header?.table === undefined ? undefined : ({ ...header.table, TableName: target.table } as TableDefinition);
  if (existing === undefined) {
    if (definition === undefined || !target.create) throw missingTarget(target);
    return createTable(client, definition, signal);
  }
  if (header !== undefined && JSON.stringify(keySchemaOf(existing)) !== JSON.stringify(header.keySchema))
    throw new DynaferryError(
      'KEY_SCHEMA_MISMATCH',
      `target: the key of table ${target.table} is ${keyText(keySchemaOf(existing))}, the items' key after the policy is ${keyText(header.keySchema)}`,
    );
  return { table: existing, findings: definition === undefined ? [] : compareDefinition(existing, definition) };
}

/** Switches TTL on once everything is loaded: what has expired at the source and is still there is loaded too, and counted. A target that has TTL on is left alone. */
export async function switchTtlOn(workspace: Workspace, header: TableInHeader | undefined): Promise<void> {
  const { signal } = workspace.options.context;
  const attribute = header?.ttlAttribute;
  if (attribute === undefined || !workspace.file.target.create) return;
  const client = await workspace.targetDynamoDb();
  const { table } = workspace.file.target;
  if ((await optional(() => ttlAttribute(client, table, signal), undefined)) === undefined)
    await enableTtl(client, table, attribute, signal);
}

/** The error for a target table that does not exist and will not be made. */
export function missingTarget({ table, region, create }: TargetSettings): DynaferryError {
  return new DynaferryError(
    'TABLE_NOT_FOUND',
    `target: there is no table '${table}' in ${region}${create ? '' : ', and target.create is false'}`,
    {
      fix: create
        ? 'Create it: the source is an export, which does not hold the definition of its table.'
        : 'Create the table, or set target.create to true.',
    },
  );
}

/** Settings that an endpoint does not know, or that may not be read, are not carried over; `onDenied` hears of the latter. */
async function optional<T>(
  read: () => Promise<T>,
  otherwise: T,
  onDenied: (error: DynaferryError) => void = () => undefined,
): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof DynaferryError)) throw error;
    if (error.code === 'ACCESS_DENIED') onDenied(error);
    else if (error.code !== 'REQUEST_REFUSED') throw error;
    return otherwise;
  }
}

/** Tells that a setting of the source will be missing at the target. */
function notCarried(workspace: Workspace): (setting: string) => (error: DynaferryError) => void {
  const { migration, onEvent } = workspace.options.context;
  return (setting) => (error) =>
    onEvent({
      type: 'notice',
      migration,
      level: 'warning',
      message: `a target that is created gets no ${setting}: ${error.message}`,
    });
}

function keyText(key: KeySchema): string {
  const text = ({ name, type }: KeySchema['partition']): string => `${name} (${type})`;
  return key.sort === undefined ? text(key.partition) : `${text(key.partition)} and ${text(key.sort)}`;
}
