import { enableStream, streamOf } from '../dynamodb/table-stream.ts';
import { DynaferryError } from '../model/errors.ts';
import type { Workspace } from './workspace.ts';

/**
 * The ARN of the source table's stream, which is switched on where it is off and the migration says so. With `begun`, a capture has read the table's stream
 * before: where it is off now, changes are lost. Throws PREFLIGHT where the stream is off, or lacks images; STREAM_GAP; USAGE where the source is no table.
 */
export async function sourceStream(workspace: Workspace, { begun }: { begun: boolean }): Promise<string> {
  const { options, file } = workspace;
  const table = await workspace.sourceTable();
  if (table === undefined)
    throw new DynaferryError(
      'USAGE',
      'capture reads the stream of a table, and the source of this migration is an export',
      {
        fix: 'Give source.table.',
      },
    );
  const name = table.TableName;
  let stream = streamOf(table);
  if (stream === undefined && begun)
    throw new DynaferryError(
      'STREAM_GAP',
      `source: the stream of table ${name} was switched off; changes that were made since then are not captured`,
    );
  if (stream === undefined && file.replicate.stream === 'enable')
    stream = streamOf(await enableStream(await workspace.sourceDynamoDb(), name, options.context.signal));
  if (stream === undefined)
    throw new DynaferryError('PREFLIGHT', `source: table ${name} has no stream to capture changes from`, {
      fix: `Write replicate: { stream: enable } in migration.yaml, or switch it on: aws dynamodb update-table --table-name ${name} --stream-specification StreamEnabled=true,StreamViewType=NEW_AND_OLD_IMAGES`,
    });
  if (!stream.hasBothImages)
    throw new DynaferryError(
      'PREFLIGHT',
      `source: the stream of table ${name} carries ${stream.view}: without new and old images nobody can tell which items enter or leave the filter`,
      {
        fix: 'Switch the stream off, and on again with NEW_AND_OLD_IMAGES; whoever reads it now has to be told, since it gets another ARN.',
      },
    );
  return stream.arn;
}
