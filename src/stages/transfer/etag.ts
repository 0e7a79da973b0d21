/** What an ETag is, by its form (https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html). Encryption under KMS gives the form of an MD5 to something else. */
export type EtagForm = { kind: 'md5'; md5Hex: string } | { kind: 'parts'; count: number } | { kind: 'unknown' };

export function etagForm(etag: string): EtagForm {
  const match = /^"?([0-9a-f]{32})(?:-(\d{1,5}))?"?$/.exec(etag);
  if (match === null) return { kind: 'unknown' };
  return match[2] === undefined ? { kind: 'md5', md5Hex: match[1] } : { kind: 'parts', count: Number(match[2]) };
}

export function isSameEtag(a: string, b: string): boolean {
  return a !== '' && a.replaceAll('"', '') === b.replaceAll('"', '');
}

/** Whether what the service says of an object is that its ETag is no digest of its content: it is encrypted under KMS or with a customer's key. */
export function hidesDigest(headers: Readonly<Record<string, string | undefined>>): boolean {
  return (
    (headers['x-amz-server-side-encryption'] ?? '').startsWith('aws:kms') ||
    headers['x-amz-server-side-encryption-customer-algorithm'] !== undefined
  );
}
