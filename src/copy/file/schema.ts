import { z } from 'zod';
import { flag, map, oneOf, text } from '../../settings/leaf-schema.ts';
import { glob, moment, size } from './leaf-keys.ts';
import { limitsSchema } from './limits-schema.ts';
import { objectSchema } from './object-schema.ts';
import { sourceSchema, targetSchema } from './site-schema.ts';

const list = <T extends z.ZodType>(item: T, expected: string, description: string) =>
  z.array(item, { error: `expected ${expected}` }).describe(description);

export const compare = oneOf(
  ['etag', 'size', 'mtime', 'checksum', 'missing'],
  'When an object that the target has already is copied again: etag (where absent), size, mtime, checksum, or missing for never.',
);

/** What narrows the source down; the command line has the same as options. */
const scopeKeys = {
  include: list(
    glob,
    'a list of patterns',
    'Only objects are copied whose key behind the prefix of `source.url` matches one of these patterns; all where absent.',
  ).optional(),
  exclude: list(
    glob,
    'a list of patterns',
    'Objects are left out whose key behind the prefix of `source.url` matches one of these patterns, included or not.',
  ).optional(),
  newerThan: moment(
    'Only objects modified at this time or later: an age such as 7d, counted back from the beginning of each run, or a time.',
  ).optional(),
  olderThan: moment('Only objects modified before this time: an age such as 12h, or a time.').optional(),
  minSize: size('Only objects of this size or more, such as 1 KB.').optional(),
  maxSize: size('Only objects of this size or less, such as 5 GB.').optional(),
};

/** The form of transfer.yaml. docs/formats/transfer-file.md describes it, and a test keeps the two together. */
export const transferSchema = map(
  {
    version: z.literal(1, { error: 'expected 1' }).describe('Version of this format: 1.'),
    name: text(
      /^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/,
      'a name: up to 63 letters, digits, - and _, the first a letter or digit',
      'Name of the copy; the state folder and events carry it. Made from the two URLs where absent.',
    ).optional(),
    source: sourceSchema,
    target: targetSchema,
    prefixes: list(
      z.string({ error: 'expected text' }),
      'a list of prefixes',
      'Prefixes behind that of `source.url`: only objects below one of them are copied, and only these are listed. All where absent.',
    ).optional(),
    targetKeys: oneOf(
      ['replace-prefix', 'whole'],
      "What stands behind the prefix of `target.url`: what stands behind that of `source.url` (replace-prefix, where absent), or the source's whole key (whole).",
    ).optional(),
    ...scopeKeys,
    compare: compare.optional(),
    delete: flag(
      'Whether objects below the target that the source does not have are deleted; false where absent.',
    ).optional(),
    object: objectSchema.optional(),
    limits: limitsSchema.optional(),
    serverSide: flag(
      'Whether objects are copied within the service where one credential reaches both sides; true where absent.',
    ).optional(),
  },
  'a map with version, source and target',
  'One copy: the objects of a source that a target is to have.',
);

/** A file that has this form, units and URIs parsed, defaults not yet filled in. */
export type ParsedTransfer = z.output<typeof transferSchema>;
