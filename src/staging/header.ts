import { z } from 'zod';
import type { S3Bucket } from '../s3/bucket.ts';
import { readJson, writeJson } from './json-object.ts';
import type { ExportLayout } from './layout.ts';

const keyAttribute = z.object({ name: z.string(), type: z.enum(['S', 'N', 'B']) });

/** A primary key, in headers. */
export const keySchema = z.object({ partition: keyAttribute, sort: keyAttribute.optional() });

const exportHeader = z.object({
  version: z.literal(1),
  migration: z.string(),
  /** Of the policy as written (policySpecHash). */
  policyHash: z.string(),
  /** Of what it does, keys and functions included (Policy.hash). */
  policyEffectHash: z.string(),
  /** What is exported: a table's ARN, or the URI of a native export. */
  source: z.string(),
  /** Of the items after the policy. */
  keySchema,
  totalSegments: z.int().positive(),
  startedMs: z.int(),
  /** Of a native export: the moment whose state of the table it is. */
  asOfMs: z.int().optional(),
  /** The input of CreateTable for a target like the source, named and typed as the policy leaves it; absent where the source is an export. */
  table: z.looseObject({ TableName: z.string() }).optional(),
  /** At the target, where TTL is on at the source. */
  ttlAttribute: z.string().optional(),
});

/** What an export is of; written before all else of it, and carried to the target first. */
export type ExportHeader = z.infer<typeof exportHeader>;

export async function writeHeader(
  bucket: S3Bucket,
  layout: ExportLayout,
  header: ExportHeader,
  signal?: AbortSignal,
): Promise<void> {
  await writeJson(bucket, layout.header, header, signal);
}

/** Undefined where there is none: then it is a native export, or none at all. Throws MANIFEST_INVALID where it cannot be read. */
export async function readHeader(
  bucket: S3Bucket,
  layout: ExportLayout,
  signal?: AbortSignal,
): Promise<ExportHeader | undefined> {
  return readJson(bucket, layout.header, exportHeader, 'a header', signal);
}
