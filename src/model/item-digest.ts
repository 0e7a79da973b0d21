import { hash } from 'node:crypto';

/** Bytes kept of each SHA-256: among 2^40 items, two of one hash are expected once in 2^49 tables. */
export const DIGEST_BYTES = 16;

/** The digest of a canonical form, or of a text. */
export function contentDigest(content: Buffer | string): Buffer {
  return hash('sha256', content, 'buffer').subarray(0, DIGEST_BYTES);
}
