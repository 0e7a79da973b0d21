import { z } from 'zod';
import { map, parsed, wholeNumber } from '../../settings/leaf-schema.ts';
import { SIZE_PATTERN, parseSize } from '../../settings/units.ts';
import { bandwidth } from './bandwidth-schema.ts';

/** More gain nothing on any link that was measured, and file descriptors end. */
export const CONNECTIONS_MAX = 1024;

const MIB = 2 ** 20;
const MEMORY_MIN_BYTES = 64 * MIB;

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
const PART_MIN_BYTES = 5 * MIB;
const PART_MAX_BYTES = 5 * 1024 * MIB;

const connectionCount = (description: string) => wholeNumber(1, CONNECTIONS_MAX, description);

export const partSize = parsed(
  SIZE_PATTERN,
  (text) => {
    const bytes = parseSize(text);
    return bytes !== undefined && bytes % PART_MIN_BYTES === 0 && bytes >= PART_MIN_BYTES && bytes <= PART_MAX_BYTES
      ? bytes
      : undefined;
  },
  'a multiple of 5 MiB from 5 MiB to 5 GiB, such as 50 MiB',
  "Size of the parts that an object is copied in, a multiple of 5 MiB; chosen by the object's size where absent.",
);

export const limitsSchema = map(
  {
    bandwidth: bandwidth.optional(),
    connections: z
      .union(
        [
          connectionCount('So many at all times.'),
          map(
            {
              min: connectionCount('Not fewer than these; 4 where absent.').optional(),
              max: connectionCount('Not more than these; 256 where absent.').optional(),
            },
            'a map with min and max',
            'Bounds.',
          ),
        ],
        { error: `expected a whole number from 1 to ${CONNECTIONS_MAX}, or { min: 4, max: 256 }` },
      )
      .describe(
        'Connections between the sites: so many, or bounds within which dynaferry finds the best number by itself; { min: 4, max: 256 } where absent.',
      )
      .optional(),
    memory: parsed(
      SIZE_PATTERN,
      (text) => {
        const bytes = parseSize(text);
        return bytes !== undefined && bytes >= MEMORY_MIN_BYTES ? bytes : undefined;
      },
      'a size from 64 MiB on, such as 768 MiB',
      'Bytes of parts that are held in memory at once; 768 MiB where absent.',
    ).optional(),
    partSize: partSize.optional(),
  },
  'a map with bandwidth, connections, memory or partSize, such as { bandwidth: 50 Mbit/s }',
  'Caps, which hold over all connections together.',
);
