import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { credentialSource } from '../../settings/site-credentials.ts';
import type { S3Location } from '../../settings/s3-uri.ts';
import type { CopyBounds, ObjectSettings, PrefixPair } from '../../stages/transfer/copy-options.ts';
import type { BandwidthSchedule, CopyPlan, CopySite, ScopeSettings } from '../copy-plan.ts';
import type { ParsedTransfer } from './schema.ts';

/** What holds where neither the file nor the command line says otherwise: the one place for all of it. */
const defaults = {
  targetKeys: 'replace-prefix',
  compare: 'etag',
  delete: false,
  tags: 'carry',
  connectionsMin: 4,
  connectionsMax: 256,
  memoryBytes: 768 * 2 ** 20,
  serverSide: true,
} as const;

/** Where a site's region comes from that is not written down; undefined where it is not known. */
export type RegionLookup = (site: ParsedTransfer['source'] | ParsedTransfer['target']) => string | undefined;

/** What a plan is made with besides its settings. */
export interface PlanSurroundings {
  /** The folder that relative paths count from. */
  folder: string;
  regionOf: RegionLookup;
}

/** Fills in the defaults of settings that have passed all checks. */
export function planOf(parsed: ParsedTransfer, surroundings: PlanSurroundings): CopyPlan {
  const { source, target, limits = {} } = parsed;
  return {
    name: parsed.name ?? nameOf(source.url, target.url),
    source: siteOf(source, surroundings),
    target: siteOf(target, surroundings),
    prefixes: prefixPairs(parsed),
    scope: scopeOf(parsed),
    compare: parsed.compare ?? defaults.compare,
    deleteExtra: parsed.delete ?? defaults.delete,
    object: objectOf(parsed.object ?? {}),
    bounds: boundsOf(limits),
    bandwidth: limits.bandwidth ?? noCap,
    serverSide: parsed.serverSide ?? defaults.serverSide,
  };
}

const noCap: BandwidthSchedule = { windows: [] };

/** A name for a copy that was given none: the same for the same two URLs, whatever else is said, so that its state is found again. */
function nameOf(source: S3Location, target: S3Location): string {
  const urls = JSON.stringify([source.bucket, source.prefix, target.bucket, target.prefix]);
  const hash = createHash('sha256').update(urls).digest('hex').slice(0, 8);
  const short = ({ bucket }: S3Location): string => bucket.replaceAll('.', '-').slice(0, 24);
  return `${short(source)}-to-${short(target)}-${hash}`;
}

function siteOf(
  site: ParsedTransfer['source'] | ParsedTransfer['target'],
  { folder, regionOf }: PlanSurroundings,
): CopySite {
  const { endpoint, pathStyle, caFile, proxy } = site;
  const anonymous = site.credentials === 'anonymous';
  const requestPayer = 'requestPayer' in site && site.requestPayer === true;
  const { credentials, ...rest } = site;
  return {
    ...credentialSource({ ...rest, ...(anonymous ? {} : { credentials }), region: regionOf(site)! }),
    bucket: site.url.bucket,
    ...(anonymous && { anonymous }),
    ...(requestPayer && { requestPayer }),
    ...(endpoint !== undefined && { endpoint: { s3: endpoint } }),
    ...(pathStyle !== undefined && { pathStyle }),
    ...(caFile !== undefined && { caFile: resolve(folder, caFile) }),
    ...(proxy !== undefined && { proxy }),
  };
}

/** In the order in which a bucket lists them, which is that of their UTF-8. */
export function prefixPairs({
  source,
  target,
  prefixes = [''],
  targetKeys = defaults.targetKeys,
}: ParsedTransfer): PrefixPair[] {
  const inOrder = prefixes.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return inOrder.map((prefix) => {
    const whole = source.url.prefix + prefix;
    return { source: whole, target: target.url.prefix + (targetKeys === 'whole' ? whole : prefix) };
  });
}

function scopeOf({
  source,
  prefixes,
  include,
  exclude,
  newerThan,
  olderThan,
  minSize,
  maxSize,
}: ParsedTransfer): ScopeSettings {
  return {
    include: include ?? [],
    exclude: exclude ?? [],
    // Patterns count from the URL's prefix, also where only some prefixes behind it are listed.
    ...(prefixes !== undefined && { base: source.url.prefix }),
    ...(newerThan !== undefined && { newerThan }),
    ...(olderThan !== undefined && { olderThan }),
    ...(minSize !== undefined && { minSizeBytes: minSize }),
    ...(maxSize !== undefined && { maxSizeBytes: maxSize }),
  };
}

function objectOf({ encryption, tags, metadata, ...rest }: NonNullable<ParsedTransfer['object']>): ObjectSettings {
  const lowerCase = ([name, value]: [string, string]): [string, string] => [name.toLowerCase(), value];
  return {
    ...rest,
    tags: tags ?? defaults.tags,
    ...(encryption !== undefined && { encryption: encryptionOf(encryption) }),
    ...(metadata !== undefined && { metadata: Object.fromEntries(Object.entries(metadata).map(lowerCase)) }),
  };
}

type Encryption = NonNullable<NonNullable<ParsedTransfer['object']>['encryption']>;

function encryptionOf(encryption: Encryption): NonNullable<ObjectSettings['encryption']> {
  if (encryption === 'AES256') return { kind: 'AES256' };
  return encryption === 'kms' ? { kind: 'aws:kms' } : { kind: 'aws:kms', keyId: encryption.kms };
}

/** What the limits say of one copy. */
export function boundsOf({ connections = {}, memory, partSize }: NonNullable<ParsedTransfer['limits']>): CopyBounds {
  const { min = defaults.connectionsMin, max = defaults.connectionsMax } =
    typeof connections === 'number' ? { min: connections, max: connections } : connections;
  return {
    // A bound that is given moves the other one, where that is left to us.
    connectionsMin: typeof connections === 'object' && connections.min === undefined ? Math.min(min, max) : min,
    connectionsMax: typeof connections === 'object' && connections.max === undefined ? Math.max(min, max) : max,
    memoryBytes: memory ?? defaults.memoryBytes,
    ...(partSize !== undefined && { partSizeBytes: partSize }),
  };
}
