import { DynaferryError } from '../model/errors.ts';
import { parseS3Uri } from '../settings/s3-uri.ts';
import { openIncrementalExports, type IncrementalExport } from '../stages/capture/incremental-exports.ts';
import { ExportLayout } from '../staging/layout.ts';
import type { Workspace } from './workspace.ts';

/**
 * The incremental exports of the source table at these URIs, in the order of their times. Throws USAGE where one is not to be had or of another table, PREFLIGHT where what
 * the migration wants cannot be told from them.
 */
export async function incrementalExports(workspace: Workspace, uris: readonly string[]): Promise<IncrementalExport[]> {
  const places = await Promise.all(
    uris.map(async (uri) => {
      const place = parseS3Uri(uri);
      if ('wrong' in place || place.prefix === '')
        throw new DynaferryError('USAGE', `--from ${uri}: expected s3://bucket/prefix/AWSDynamoDB/<export id>/`, {
          fix: 'Give the place of a finished incremental export.',
        });
      return { bucket: await workspace.exportBucket(place.bucket), layout: new ExportLayout(place.prefix) };
    }),
  );
  const exports = await openIncrementalExports(places, workspace.options.context.signal);
  for (const one of exports) checkFits(workspace, one);
  return exports;
}

function checkFits({ file }: Workspace, { bucket, layout, tableArn, hasBothImages }: IncrementalExport): void {
  const uri = bucket.uri(layout.root);
  const { input } = file.source;
  if ('table' in input && !tableArn.endsWith(`:table/${input.table}`))
    throw new DynaferryError('USAGE', `source: ${uri} is of ${tableArn}, and source.table is ${input.table}`, {
      fix: 'Give exports of the source table.',
    });
  if (!hasBothImages && file.policy.filter !== undefined)
    throw new DynaferryError(
      'PREFLIGHT',
      `source: ${uri} has new images only: with policy.filter nobody can tell from them which items leave the filter`,
      { fix: 'Export the same time again with ExportViewType=NEW_AND_OLD_IMAGES.' },
    );
  const { deletes, ttlDeletes, conflict } = file.replicate;
  if (conflict !== undefined)
    throw new DynaferryError(
      'PREFLIGHT',
      'replicate.conflict is given, and incremental exports do not tell of each write which site made it',
      { fix: "Capture the table's stream, or let changes go one way (conflict: none)." },
    );
  if (ttlDeletes === 'skip' && deletes === 'apply')
    throw new DynaferryError(
      'PREFLIGHT',
      'replicate.ttlDeletes is skip, and incremental exports do not say which deletes TTL made',
      { fix: 'Write ttlDeletes: apply, or deletes: keep.' },
    );
}
