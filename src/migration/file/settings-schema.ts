import { z } from 'zod';
import { AGE_PATTERN, parseAge } from '../../settings/times.ts';
import { flag, map, oneOf, parsed, text, wholeNumber } from '../../settings/leaf-schema.ts';
import {
  BANDWIDTH_PATTERN,
  SHARE_PATTERN,
  SIZE_PATTERN,
  parseBandwidth,
  parseShare,
  parseSize,
} from '../../settings/units.ts';

/** Small objects for trials, large ones for links where each request is dear. */
const OBJECT_SIZE_MIN_BYTES = 16 * 1024;
const OBJECT_SIZE_MAX_BYTES = 1024 ** 3;

/** The most segments that a parallel Scan can have: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Scan.html */
const SEGMENTS_MAX = 1_000_000;

const LOAD_CONCURRENCY_MAX = 256;

export const exportSchema = map(
  {
    compression: oneOf(
      ['zstd', 'gzip'],
      'Compression of data objects; zstd where absent. DynamoDB can import both; gzip is for other readers that lack zstd.',
    ).optional(),
    objectSize: parsed(
      SIZE_PATTERN,
      (value) => {
        const bytes = parseSize(value);
        return bytes !== undefined && bytes >= OBJECT_SIZE_MIN_BYTES && bytes <= OBJECT_SIZE_MAX_BYTES
          ? bytes
          : undefined;
      },
      'a size from 16 KiB to 1 GiB such as 32 MiB or 64 MB',
      'Size of a data object, compressed, at which the next one is begun; 32 MiB where absent.',
    ).optional(),
    segments: wholeNumber(
      1,
      SEGMENTS_MAX,
      "Segments of the parallel scan; chosen from the table's size where absent.",
    ).optional(),
    pushDown: flag(
      'Whether what can be of the filter is sent along with the scan, which saves reading, not capacity; true where absent. The result is the same.',
    ).optional(),
  },
  'a map with compression, objectSize, segments or pushDown',
  'How the source is read and staged.',
);

const LOAD_MODE = 'expected overwrite, skip-existing, or { newer: { by: <attribute> } }';

const loadMode = z
  .union(
    [
      z.literal('overwrite'),
      z.literal('skip-existing'),
      map(
        {
          newer: map(
            {
              by: text(
                /[^]/,
                "an attribute's name",
                'Attribute that holds the version, such as last_update_timestamp.',
              ),
            },
            '{ by: <attribute> }',
            'An item is replaced only by one whose version attribute is greater.',
          ),
        },
        '{ newer: { by: <attribute> } }',
        'Items of the target that are older are replaced.',
      ),
    ],
    { error: LOAD_MODE },
  )
  .describe(
    'What happens to items that the target already has: overwrite (where absent), skip-existing, or { newer: { by: <attribute> } }.',
  );

export const loadSchema = map(
  {
    mode: loadMode.optional(),
    concurrency: wholeNumber(
      1,
      LOAD_CONCURRENCY_MAX,
      'Write requests in flight at once; chosen by dynaferry where absent.',
    ).optional(),
  },
  'a map with mode or concurrency, such as { mode: overwrite }',
  'How the target table is written.',
);

/** A share of a table's capacity, or capacity units a second. */
export interface CapacityLimit {
  share?: number;
  units?: number;
}

const CAPACITY = 'expected a share such as 50% (above 0%, up to 100%) or capacity units a second such as 4000';

const capacity = (description: string) =>
  z
    .union([z.number().positive({ error: CAPACITY }), z.string().meta({ pattern: SHARE_PATTERN.source })], {
      error: CAPACITY,
    })
    .transform((value, context): CapacityLimit => {
      if (typeof value === 'number') return { units: value };
      const share = parseShare(value);
      if (share !== undefined) return { share };
      context.addIssue(CAPACITY);
      return z.NEVER;
    })
    .describe(description);

export const limitsSchema = map(
  {
    read: capacity(
      "Read capacity that may be used: a share of the table's such as 50%, or read units a second such as 4000; no cap where absent.",
    ).optional(),
    write: capacity(
      "Write capacity that may be used: a share of the table's such as 50%, or write units a second such as 4000; no cap where absent.",
    ).optional(),
    bandwidth: parsed(
      BANDWIDTH_PATTERN,
      parseBandwidth,
      'a rate such as 200 Mbit/s or 25 MB/s',
      'Bandwidth that the transfer between the sites may use, such as 200 Mbit/s or 25 MB/s; no cap where absent.',
    ).optional(),
  },
  'a map with read, write or bandwidth, such as { read: 50%, bandwidth: 200 Mbit/s }',
  'Caps, which hold over all workers together.',
);

const CONFLICT = 'expected none, managed, or { version: <attribute>, origin: <attribute> }';

const attributeName = (description: string) => text(/[^]/, "an attribute's name", description);

const conflict = z
  .union(
    [
      z.literal('none'),
      z.literal('managed'),
      map(
        {
          version: attributeName('Attribute that grows with each write of an item: a number, or text such as a date.'),
          origin: attributeName('Attribute with the region in which the item was written last.'),
        },
        '{ version: <attribute>, origin: <attribute> }',
        'Attributes that the application keeps in every write: the greater version wins, then the greater origin.',
      ),
    ],
    { error: CONFLICT },
  )
  .describe(
    'How it is decided which of two writes wins where both tables are written to: none (where absent, and changes go one way), attributes of the application, or managed, where dynaferry keeps an attribute of its own.',
  );

/** A tombstone must outlast every stage's being away; DynamoDB's TTL needs days itself. */
const TOMBSTONES_MS_MIN = 24 * 3_600_000;
const TOMBSTONES_MS_MAX = 3650 * 24 * 3_600_000;

const tombstones = parsed(
  AGE_PATTERN,
  (value) => {
    const ms = parseAge(value);
    return ms !== undefined && ms >= TOMBSTONES_MS_MIN && ms <= TOMBSTONES_MS_MAX ? ms : undefined;
  },
  'a time from 1d to 3650d such as 30d or 4w',
  'How long deletes are remembered, so that an older write that comes late brings nothing back; 30d where absent.',
);

export const replicateSchema = map(
  {
    stream: oneOf(
      ['require', 'enable'],
      "What happens where the table's stream is off: an error (require, where absent), or it is switched on with new and old images (enable).",
    ).optional(),
    deletes: oneOf(
      ['apply', 'keep'],
      'Whether items that are deleted at the source are deleted at the target (apply, where absent), or kept there.',
    ).optional(),
    ttlDeletes: oneOf(
      ['apply', 'skip'],
      'Whether items that TTL deletes at the source are deleted at the target (apply, where absent), or left to the target.',
    ).optional(),
    applied: oneOf(
      ['keep', 'remove'],
      'Whether change objects that are applied stay in the staging of both sites (keep, where absent), or are removed there.',
    ).optional(),
    conflict: conflict.optional(),
    tombstones: tombstones.optional(),
  },
  'a map with stream, deletes, ttlDeletes, applied, conflict or tombstones, such as { deletes: apply }',
  'How changes of the table are replicated.',
);
