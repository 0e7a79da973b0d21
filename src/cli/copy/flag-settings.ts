import type { z } from 'zod';
import { bandwidth } from '../../copy/file/bandwidth-schema.ts';
import { glob, moment, size } from '../../copy/file/leaf-keys.ts';
import { CONNECTIONS_MAX, partSize } from '../../copy/file/limits-schema.ts';
import { acl, encryption, storageClass } from '../../copy/file/object-schema.ts';
import { compare, type ParsedTransfer } from '../../copy/file/schema.ts';
import type { TransferSettings } from '../../copy/file/settings.ts';
import { region } from '../../copy/file/site-schema.ts';
import { DynaferryError } from '../../model/errors.ts';
import { describeIssue } from '../../settings/schema-problems.ts';
import { credentialsKey, endpointKey, profileKey } from '../../settings/site-keys.ts';
import { optionName } from './check-flags.ts';
import type { CopyFlags } from './flags.ts';

/** What the options say, checked by the same definitions as the keys of transfer.yaml. Throws USAGE, naming the option. */
export function flagSettings(flags: CopyFlags): TransferSettings {
  const read = <T>(flag: keyof CopyFlags, schema: z.ZodType<T>, value: unknown = flags[flag]): T | undefined =>
    value === undefined ? undefined : readOption(optionName(flag), schema, value, flags[flag]);
  const list = (flag: 'include' | 'exclude'): string[] | undefined =>
    flags[flag]?.map((pattern) => readOption(optionName(flag), glob, pattern, pattern));
  const anonymous = flags.anonymousSource === true ? ('anonymous' as const) : undefined;
  return withoutEmpty({
    source: {
      profile: read('sourceProfile', profileKey),
      region: read('sourceRegion', region),
      endpoint: read('sourceEndpoint', endpointKey('S3')),
      credentials: anonymous ?? read('sourceCredentials', credentialsKey),
      requestPayer: flags.requestPayer,
    },
    target: {
      profile: read('targetProfile', profileKey),
      region: read('targetRegion', region),
      endpoint: read('targetEndpoint', endpointKey('S3')),
      credentials: read('targetCredentials', credentialsKey),
    },
    include: list('include'),
    exclude: list('exclude'),
    newerThan: read('newerThan', moment('')),
    olderThan: read('olderThan', moment('')),
    minSize: read('minSize', size('')),
    maxSize: read('maxSize', size('')),
    compare: read('compare', compare),
    delete: flags.delete,
    object: {
      storageClass: read('storageClass', storageClass),
      acl: read('acl', acl),
      encryption: read('sse', encryption, flags.sse === undefined ? undefined : encryptionText(flags.sse)),
    },
    limits: {
      bandwidth: read('bandwidth', bandwidth),
      connections: flags.connections === undefined ? undefined : connectionsOf(flags.connections),
      partSize: read('partSize', partSize),
    },
  });
}

/** Reads the value of an option by a schema. */
export function readOption<T>(option: string, schema: z.ZodType<T>, value: unknown, given: unknown = value): T {
  const result = schema.safeParse(value, { error: describeIssue });
  if (result.success) return result.data;
  throw invalid(option, String(given), result.error.issues[0].message);
}

/** The complaint about an option's value. */
export function invalid(option: string, value: string, expected: string): DynaferryError {
  return new DynaferryError('USAGE', `${option}: got ${JSON.stringify(value)}: ${expected}`, {
    fix: 'See `dynaferry copy --help`.',
  });
}

/** `aws:kms` is how the AWS CLI has it; the key stands behind it here. */
function encryptionText(text: string): unknown {
  const kms = /^(?:aws:)?kms(?::(.+))?$/.exec(text);
  if (kms === null) return text;
  return kms[1] === undefined ? 'kms' : { kms: kms[1] };
}

function connectionsOf(text: string): NonNullable<ParsedTransfer['limits']>['connections'] {
  const [, min, max = min] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  const bounds = { min: Number(min), max: Number(max) };
  if (bounds.min >= 1 && bounds.min <= bounds.max && bounds.max <= CONNECTIONS_MAX) return bounds;
  throw invalid('--connections', text, `expected a number from 1 to ${CONNECTIONS_MAX}, or two such as 4-64`);
}

/** Sections in which no option is given are left out. */
function withoutEmpty(settings: TransferSettings): TransferSettings {
  const entries = Object.entries(settings).filter(([, value]) => value !== undefined && !isEmpty(value));
  return Object.fromEntries(entries);
}

function isEmpty(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((one) => one === undefined)
  );
}
