import { z } from 'zod';
import { parsed } from '../../settings/leaf-schema.ts';
import { AGE_PATTERN, INSTANT_PATTERN, parseAge, parseInstant } from '../../settings/times.ts';
import { BANDWIDTH_PATTERN, SIZE_PATTERN, parseBandwidth, parseSize } from '../../settings/units.ts';
import type { Moment } from '../copy-plan.ts';
import { parseGlob } from '../scope/glob.ts';

/** Kinds of values that transfer.yaml and the command line's options share. */

const GLOB = 'expected a pattern such as **/*.csv or logs/';

/** A glob, kept as it is written. */
export const glob = z
  .string({ error: GLOB })
  .superRefine((text, context) => {
    const parsedGlob = parseGlob(text);
    if ('wrong' in parsedGlob) context.addIssue({ code: 'custom', message: `${GLOB}; ${parsedGlob.wrong}` });
  })
  .describe('A pattern of the key behind the prefix of `source.url`.');

export const moment = (description: string) =>
  parsed(
    new RegExp(`${AGE_PATTERN.source}|${INSTANT_PATTERN.source}`),
    parseMoment,
    'an age such as 7d or 12h, a date such as 2026-01-31 (UTC), or a time with its zone such as 2026-01-31T18:30:00+08:00',
    description,
  );

function parseMoment(text: string): Moment | undefined {
  const agoMs = parseAge(text);
  if (agoMs !== undefined) return { agoMs };
  const atMs = parseInstant(text);
  return atMs === undefined ? undefined : { atMs };
}

export const size = (description: string) =>
  parsed(SIZE_PATTERN, parseSize, 'a size such as 10 MB or 1 GiB', description);

export const rate = (description: string) =>
  parsed(BANDWIDTH_PATTERN, parseBandwidth, 'a rate such as 50 Mbit/s or 25 MB/s', description);

/** What can stand in a header of a request. */
export const headerText = (what: string, description: string) =>
  z
    .string({ error: `expected ${what}` })
    .regex(/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/, { error: `expected ${what}, in printable ASCII` })
    .describe(description);
