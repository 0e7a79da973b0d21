import { z } from 'zod';
import { DynaferryError } from '../model/errors.ts';
import type { S3Bucket } from '../s3/bucket.ts';
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
  await bucket.put(layout.header, Buffer.from(`${JSON.stringify(header)}\n`), {
    contentType: 'application/json',
    signal,
  });
}

/** Undefined where there is none: then it is a native export, or none at all. */
export async function readHeader(
  bucket: S3Bucket,
  layout: ExportLayout,
  signal?: AbortSignal,
): Promise<ExportHeader | undefined> {
  const found = await bucket.find(layout.header, signal);
  if (found === undefined) return undefined;
  try {
    return exportHeader.parse(JSON.parse(found.body.toString('utf8')));
  } catch (error) {
    throw new DynaferryError(
      'MANIFEST_INVALID',
      `${bucket.uri(layout.header)} is not a header that this version can read`,
      { cause: error },
    );
  }
}
