import { enableStream, streamOf } from '../dynamodb/table-stream.ts';
import type { TableDescription } from '../dynamodb/table.ts';
import { DynaferryError } from '../model/errors.ts';
import type { Finding } from '../model/finding.ts';
import type { Workspace } from './workspace.ts';

/**
 * The ARN of the source table's stream, which is switched on where it is off and the migration says so. With `begun`, a capture has read the table's stream
 * before: where it is off now, changes are lost. Throws PREFLIGHT where the stream is off, or lacks images; STREAM_GAP; USAGE where the source is no table.
 */
export async function sourceStream(workspace: Workspace, { begun }: { begun: boolean }): Promise<string> {
  const { options, file } = workspace;
  let table = await workspace.sourceTable();
  if (table === undefined)
    throw new DynaferryError(
      'USAGE',
      'capture reads the stream of a table, and the source of this migration is an export',
      { fix: 'Give source.table, or take incremental exports in with `dynaferry capture --from`.' },
    );
  if (streamOf(table) === undefined && begun)
    throw new DynaferryError(
      'STREAM_GAP',
      `source: the stream of table ${table.TableName} was switched off; changes that were made since then are not captured`,
    );
  if (streamOf(table) === undefined && file.replicate.stream === 'enable')
    table = await enableStream(await workspace.sourceDynamoDb(), table.TableName, options.context.signal);
  const stream = fitStream(table);
  if ('arn' in stream) return stream.arn;
  throw new DynaferryError('PREFLIGHT', stream.message, { fix: stream.fix });
}

/** What a capture would refuse, or do, for a dry run to tell; a migration without changes does not mind. */
export function checkStream({ file }: Workspace, table: TableDescription): Finding[] {
  const stream = fitStream(table);
  if ('arn' in stream) return [];
  if (streamOf(table) === undefined && file.replicate.stream === 'enable')
    return [
      {
        severity: 'note',
        code: 'STREAM_OFF',
        message: `The stream of table ${table.TableName} is off; capture switches it on.`,
        fix: 'None is needed.',
      },
    ];
  return [{ severity: 'warning', code: 'STREAM_UNFIT', ...stream }];
}

/** The stream, or what is wrong with it. */
function fitStream(table: TableDescription): { arn: string } | { message: string; fix: string } {
  const { TableName: name } = table;
  const stream = streamOf(table);
  if (stream === undefined)
    return {
      message: `source: table ${name} has no stream to capture changes from`,
      fix: `Write replicate: { stream: enable } in migration.yaml, or switch it on: aws dynamodb update-table --table-name ${name} --stream-specification StreamEnabled=true,StreamViewType=NEW_AND_OLD_IMAGES`,
    };
  if (stream.hasBothImages) return stream;
  return {
    message: `source: the stream of table ${name} carries ${stream.view}: without new and old images nobody can tell which items enter or leave the filter`,
    fix: 'Switch the stream off, and on again with NEW_AND_OLD_IMAGES; whoever reads it now has to be told, since it gets another ARN.',
  };
}
