import { DynaferryError } from '../../model/errors.ts';
import { DELETE_KEYS_MAX, deleteObjects } from '../../s3/delete-objects.ts';
import type { PrefixPair } from './copy-options.ts';
import type { CopyStageOptions } from './copy-stage.ts';
import type { Link } from './link.ts';

type Options = Pick<CopyStageOptions, 'copy' | 'link' | 'prefixes' | 'records' | 'meter' | 'onEvent'>;

/**
 * Deletes what only the target has, once both listings have been read to their ends. What the target keeps is told of; the next run finds it again. Throws DELETE_REFUSED, and deletes
 * nothing, where a prefix is among `emptied`: the source lists nothing below it, which is mostly a prefix that is wrong.
 */
export async function deleteExtra({
  copy,
  link,
  prefixes,
  emptied,
  records,
  meter,
  onEvent,
}: Options & { emptied: readonly PrefixPair[] }): Promise<void> {
  if (emptied.length > 0) {
    const [{ source, target }] = emptied;
    throw new DynaferryError(
      'DELETE_REFUSED',
      `the source has no object below ${link.source.uri(source)}: --delete would empty ${link.target.uri(target)}`,
    );
  }
  if (meter.counts.extra === 0) return;
  const keptBy = new Map<string, number>();
  for (const keys of records.extra(DELETE_KEYS_MAX)) {
    await refuseOwn(link, prefixes, keys);
    const kept = await deleteObjects(link.target, keys, link.signal);
    for (const { code } of kept) keptBy.set(code, (keptBy.get(code) ?? 0) + 1);
    meter.add({ deleted: keys.length - kept.length });
  }
  for (const [code, count] of keptBy)
    onEvent({
      type: 'notice',
      migration: copy,
      level: 'warning',
      message: `the target keeps ${count === 1 ? '1 object that is' : `${count} objects that are`} to be deleted (${code})`,
    });
}

/**
 * One bucket may have two names for its endpoint, and two credentials, which no setting tells from two buckets: what the source itself has under the very key is most likely its own.
 */
async function refuseOwn(
  { source, target, signal }: Link,
  prefixes: readonly PrefixPair[],
  keys: string[],
): Promise<void> {
  if (source.name !== target.name) return;
  const key = keys.find((one) => prefixes.some((prefix) => one.startsWith(prefix.source)));
  if (key === undefined || (await source.head(key, signal)) === undefined) return;
  throw new DynaferryError(
    'DELETE_REFUSED',
    `${target.uri(key)} is to be deleted, and the source has it: source and target seem to be the same bucket`,
    {
      fix: 'Give the target a place beside the source, or another bucket; copy without --delete where the source lies within the target.',
    },
  );
}

/** The same for a dry run. */
export async function tellOfExtra({ copy, link, prefixes, records, onEvent }: Options): Promise<void> {
  for (const keys of records.extra(DELETE_KEYS_MAX)) {
    await refuseOwn(link, prefixes, keys);
    for (const key of keys) onEvent({ type: 'copy-object', copy, key, action: 'delete', reason: 'extra' });
  }
}
