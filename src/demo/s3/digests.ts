import { hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { S3Error } from './errors.ts';
import type { Checksum } from './object.ts';
import { headerOf, type S3Request } from './request.ts';

const compute: Readonly<Record<Checksum['algorithm'], (body: Buffer) => string>> = {
  crc32: (body) => {
    const value = Buffer.alloc(4);
    value.writeUInt32BE(crc32(body));
    return value.toString('base64');
  },
  sha1: (body) => hash('sha1', body, 'base64'),
  sha256: (body) => hash('sha256', body, 'base64'),
};

/**
 * Checks Content-MD5 and the `x-amz-checksum-*` header against the body; returns the latter. Throws InvalidDigest, BadDigest, or
 * NotImplemented for an algorithm that nothing here needs.
 */
export function verifyDigests(request: S3Request): Checksum | undefined {
  const contentMd5 = headerOf(request, 'content-md5');
  if (contentMd5 !== undefined) {
    if (Buffer.from(contentMd5, 'base64').length !== 16)
      throw new S3Error('InvalidDigest', 'The Content-MD5 you specified was invalid.');
    if (contentMd5 !== request.md5.toString('base64'))
      throw new S3Error('BadDigest', 'The Content-MD5 you specified did not match what we received.');
  }
  return verifyChecksum(request);
}

function verifyChecksum(request: S3Request): Checksum | undefined {
  const name = Object.keys(request.headers).find(
    (header) => header.startsWith('x-amz-checksum-') && !/-(algorithm|type|mode)$/.test(header),
  );
  if (name === undefined) return undefined;
  const algorithm = name.slice('x-amz-checksum-'.length);
  if (!isKnown(algorithm)) throw new S3Error('NotImplemented', `The checksum ${algorithm} is not implemented here.`);
  const base64 = compute[algorithm](request.body);
  if (base64 !== headerOf(request, name))
    throw new S3Error(
      'BadDigest',
      `The ${algorithm.toUpperCase()} you specified did not match the calculated checksum.`,
    );
  return { algorithm, base64 };
}

function isKnown(algorithm: string): algorithm is Checksum['algorithm'] {
  return Object.hasOwn(compute, algorithm);
}

/** The checksum as the header that it came as. */
export function checksumHeader(checksum: Checksum | undefined): Record<string, string> {
  return checksum === undefined ? {} : { [`x-amz-checksum-${checksum.algorithm}`]: checksum.base64 };
}
