import type { SiteSettings } from '../../aws/site.ts';
import type { StampAttributes } from '../../model/stamp.ts';
import type { RuleSpec } from '../../policy/rule-schema.ts';
import type { ParsedMigration } from './schema.ts';
import { credentialSource } from '../../settings/site-credentials.ts';
import type { S3Location } from '../../settings/s3-uri.ts';
import type { CapacityLimit } from './settings-schema.ts';

/** What migration.yaml says, with defaults filled in, units turned into plain numbers and URIs taken apart. Plain data, without secrets. */
export interface MigrationFile {
  /** Safe for object keys and file names. */
  name: string;
  source: SourceSettings;
  target: TargetSettings;
  policy: PolicySettings;
  export: ExportSettings;
  load: LoadSettings;
  replicate: ReplicateSettings;
  limits: LimitSettings;
}

interface SourceSettings extends SiteSettings {
  /** What is read: a table, or the export below a prefix (`…/AWSDynamoDB/<export id>/`). */
  input: { table: string } | { export: S3Location };
  staging: S3Location;
  /** Always false where an export is read. */
  consistentRead: boolean;
}

export interface TargetSettings extends SiteSettings {
  table: string;
  staging: S3Location;
  /** Whether a missing table is created. */
  create: boolean;
}

interface PolicySettings {
  /** The filter's text; all items pass where absent. */
  filter?: string;
  /** Rules by attribute path. */
  attributes: Record<string, RuleSpec>;
  unlisted: 'keep' | 'drop' | 'refuse';
}

interface ExportSettings {
  compression: 'zstd' | 'gzip';
  objectSizeBytes: number;
  /** Chosen from the table's size where absent. */
  segments?: number;
  pushDown: boolean;
}

interface LoadSettings {
  mode: LoadMode;
  /** Write requests in flight; chosen by the load stage where absent. */
  concurrency?: number;
}

interface ReplicateSettings {
  /** Whether the file speaks of it at all: then a dry run looks at the stream too. */
  isGiven: boolean;
  /** What happens where the table's stream is off. */
  stream: 'require' | 'enable';
  /** Deletes at the source. An item that a change takes out of the filter is deleted at the target whatever stands here. */
  deletes: 'apply' | 'keep';
  /** Those that TTL makes; `keep` above holds for them too. */
  ttlDeletes: 'apply' | 'skip';
  /** Change objects that are applied, in the staging of both sites. */
  applied: 'keep' | 'remove';
  /** How it is decided which of two writes wins; undefined where changes go one way. */
  conflict: Conflict | undefined;
  /** How long deletes are remembered. */
  tombstonesMs: number;
}

/** By stamps in marks of ours, or in attributes that the application keeps. */
type Conflict = 'managed' | StampAttributes;

type LoadMode = { kind: 'overwrite' } | { kind: 'skip-existing' } | { kind: 'newer'; by: string };

/** Caps; none where absent. Of a table's units or share at most one is given. */
export interface LimitSettings {
  readUnits?: number;
  /** Above 0, up to 1. */
  readShare?: number;
  writeUnits?: number;
  writeShare?: number;
  bandwidthBytesPerSecond?: number;
}

/** One request's worth of a slow link, and what crosses a border fastest. */
const OBJECT_SIZE_DEFAULT_BYTES = 32 * 1024 * 1024;

const TOMBSTONES_DEFAULT_MS = 30 * 24 * 3_600_000;

/** Fills in the defaults of a file that has passed all checks. */
export function normalise(parsed: ParsedMigration): MigrationFile {
  const { source, target, policy } = parsed;
  return {
    name: parsed.name,
    source: {
      ...siteSettings(source),
      input: source.export === undefined ? { table: source.table! } : { export: source.export },
      staging: source.staging,
      consistentRead: source.consistentRead ?? false,
    },
    target: {
      ...siteSettings(target),
      table: target.table,
      staging: target.staging,
      create: target.create ?? true,
    },
    policy: {
      ...(policy.filter === undefined ? {} : { filter: policy.filter }),
      attributes: policy.attributes ?? {},
      unlisted: policy.unlisted ?? 'keep',
    },
    export: exportSettings(parsed.export ?? {}),
    load: loadSettings(parsed.load ?? {}),
    replicate: replicateSettings(parsed.replicate),
    limits: limitSettings(parsed.limits ?? {}),
  };
}

function siteSettings(site: ParsedMigration['source'] | ParsedMigration['target']): SiteSettings {
  return { ...credentialSource(site), ...(site.endpoint === undefined ? {} : { endpoint: site.endpoint }) };
}

function exportSettings(parsed: NonNullable<ParsedMigration['export']>): ExportSettings {
  return {
    compression: parsed.compression ?? 'zstd',
    objectSizeBytes: parsed.objectSize ?? OBJECT_SIZE_DEFAULT_BYTES,
    ...(parsed.segments === undefined ? {} : { segments: parsed.segments }),
    pushDown: parsed.pushDown ?? true,
  };
}

function loadSettings(parsed: NonNullable<ParsedMigration['load']>): LoadSettings {
  const mode = parsed.mode ?? 'overwrite';
  return {
    mode: typeof mode === 'string' ? { kind: mode } : { kind: 'newer', by: mode.newer.by },
    ...(parsed.concurrency === undefined ? {} : { concurrency: parsed.concurrency }),
  };
}

function replicateSettings(parsed: ParsedMigration['replicate']): ReplicateSettings {
  return {
    isGiven: parsed !== undefined,
    stream: parsed?.stream ?? 'require',
    deletes: parsed?.deletes ?? 'apply',
    ttlDeletes: parsed?.ttlDeletes ?? 'apply',
    applied: parsed?.applied ?? 'keep',
    conflict: parsed?.conflict === 'none' ? undefined : parsed?.conflict,
    tombstonesMs: parsed?.tombstones ?? TOMBSTONES_DEFAULT_MS,
  };
}

function limitSettings(parsed: NonNullable<ParsedMigration['limits']>): LimitSettings {
  return {
    ...capacity('read', parsed.read),
    ...capacity('write', parsed.write),
    ...(parsed.bandwidth === undefined ? {} : { bandwidthBytesPerSecond: parsed.bandwidth }),
  };
}

function capacity(kind: 'read' | 'write', limit: CapacityLimit | undefined): LimitSettings {
  if (limit?.units !== undefined) return { [`${kind}Units`]: limit.units };
  if (limit?.share !== undefined) return { [`${kind}Share`]: limit.share };
  return {};
}
