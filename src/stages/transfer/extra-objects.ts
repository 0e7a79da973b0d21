import { DynaferryError } from '../../model/errors.ts';
import { DELETE_KEYS_MAX, deleteObjects } from '../../s3/delete-objects.ts';
import type { CopyStageOptions } from './copy-stage.ts';

type Options = Pick<CopyStageOptions, 'copy' | 'link' | 'records' | 'meter' | 'onEvent'>;

/** Deletes what only the target has, once both listings have been read to their ends. What the target keeps is told of; the next run finds it again. */
export async function deleteExtra({ copy, link, records, meter, onEvent }: Options): Promise<void> {
  if (meter.counts.extra === 0) return;
  if (meter.counts.listed === 0)
    throw new DynaferryError(
      'DELETE_REFUSED',
      `${link.source.uri('')} has no object below the prefixes: --delete would empty the target`,
    );
  const keptBy = new Map<string, number>();
  for (const keys of records.extra(DELETE_KEYS_MAX)) {
    const kept = await deleteObjects(link.target, keys, link.signal);
    for (const { code } of kept) keptBy.set(code, (keptBy.get(code) ?? 0) + 1);
    meter.add({ deleted: keys.length - kept.length });
  }
  for (const [code, count] of keptBy)
    onEvent({
      type: 'notice',
      migration: copy,
      level: 'warning',
      message: `the target keeps ${count} objects that are to be deleted (${code})`,
    });
}

/** The same for a dry run. */
export async function tellOfExtra({ copy, records, onEvent }: Options): Promise<void> {
  for (const keys of records.extra(DELETE_KEYS_MAX))
    for (const key of keys)
      onEvent({ type: 'copy-object', copy, key, action: 'delete', reason: 'extra', sizeBytes: 0 });
}
