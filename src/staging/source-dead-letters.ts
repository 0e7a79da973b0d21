import { gzipSync } from 'node:zlib';
import type { S3Bucket } from '../s3/bucket.ts';
import { sha256Hex } from './data-object.ts';
import type { ExportLayout } from './layout.ts';

/**
 * An item, or a change of one, that passed the filter but that a rule could not treat. Neither its values nor its key may leave the source in the clear: the key is sealed
 * (seal.ts), and the item itself still lies in the source table.
 */
export interface SourceDeadLetter {
  /** The key as DynamoDB JSON, sealed. */
  sealedKey: string;
  rule: string;
  attribute: string;
  reason: string;
}

/** Writes the dead letters of one commit beside it, before the commit. Described in docs/formats/staging.md. */
export async function writeDeadLetters(
  bucket: S3Bucket,
  layout: ExportLayout,
  stage: 'export' | 'capture',
  seq: number,
  letters: readonly SourceDeadLetter[],
  signal?: AbortSignal,
): Promise<void> {
  const lines = letters.map((letter) => `${JSON.stringify(letter)}\n`).join('');
  const body = gzipSync(lines);
  const key = layout.deadLetters(stage, seq, sha256Hex(body));
  await bucket.put(key, body, { contentType: 'application/json', signal });
}
