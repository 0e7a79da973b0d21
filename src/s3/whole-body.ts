import { createHash } from 'node:crypto';
import { header, type HttpResponse } from '../aws/http-client.ts';
import { DynaferryError } from '../model/errors.ts';

/** Larger bodies are data objects, which are checked against a SHA-256 of their own. */
const CHECKED_BYTES_MAX = 4 * 1024 * 1024;
const FETCHES_MAX = 5;

/**
 * Fetches an object until its body has the MD5 that its ETag is, since a manifest or commit with one changed digit may still be read as one. The ETag of
 * a multipart upload or under KMS is no MD5 (https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html), and other stores may make up their own: a body that comes twice in a
 * row is believed. Throws INTERRUPTED_NETWORK where every body is another one.
 */
export async function fetchWhole(fetch: () => Promise<HttpResponse>, uri: string): Promise<HttpResponse> {
  let before: Buffer | undefined;
  for (let fetches = 0; fetches < FETCHES_MAX; fetches++) {
    const response = await fetch();
    if (!contradictsEtag(response) || before?.equals(response.body) === true) return response;
    before = response.body;
  }
  throw new DynaferryError('INTERRUPTED_NETWORK', `${uri} arrives damaged, each time in another way`);
}

function contradictsEtag(response: HttpResponse): boolean {
  const md5 = /^"?([0-9a-f]{32})"?$/.exec(header(response, 'etag') ?? '')?.[1];
  const encryption = header(response, 'x-amz-server-side-encryption') ?? '';
  if (md5 === undefined || encryption.startsWith('aws:kms') || response.body.length > CHECKED_BYTES_MAX) return false;
  return createHash('md5').update(response.body).digest('hex') !== md5;
}
