import { SignatureV4 } from '@smithy/signature-v4';
import * as fc from 'fast-check';
import { createHash, createHmac, type BinaryLike } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Signer, uriEncode, type Credentials } from '../../src/aws/signer.ts';

/** SHA-256 in the shape that the AWS SDK's signer wants. */
class Sha256 {
  readonly #hash;
  constructor(secret?: BinaryLike) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret);
  }
  update(data: BinaryLike): void {
    this.#hash.update(data);
  }
  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest());
  }
  reset(): void {
    throw new Error('not used');
  }
}

const HOST = 'example.com:8000';

/** Strings of some of these characters. */
const from = (characters: string): fc.Arbitrary<string> => fc.constantFrom(...Array.from(characters));

const odd = fc
  .oneof(
    fc.string({ unit: 'grapheme', maxLength: 12 }),
    fc.string({ unit: from(` !"#$%&'()*+,-./:;<=>?@[]^_\`{|}~aZ0\\é中😀`), maxLength: 12 }),
  )
  .map((text) => text.replaceAll(/\p{Surrogate}/gu, ''));
const plain = fc.string({ unit: from('abcXYZ019/+='), minLength: 1, maxLength: 40 });
const headerValue = fc.string({ unit: from('ab Z,;="  \t'), maxLength: 20 });

const request = fc.record({
  service: fc.constantFrom('s3', 'dynamodb'),
  region: fc.constantFrom('us-west-2', 'cn-north-1'),
  method: fc.constantFrom('GET', 'PUT', 'POST', 'HEAD', 'DELETE'),
  key: fc.array(odd, { maxLength: 4 }).map((steps) => steps.join('/')),
  query: fc.dictionary(
    // The SDK keeps a query in a plain object, where __proto__ is no name.
    odd.filter((name) => name !== '' && name !== '__proto__'),
    odd,
    { maxKeys: 5 },
  ),
  headers: fc.dictionary(
    fc.constantFrom('content-type', 'if-match', 'range', 'x-amz-meta-a', 'x-amz-meta-dynaferry-sha256', 'x-amz-target'),
    headerValue,
  ),
  body: fc.uint8Array({ maxLength: 20 }),
  now: fc.date({ min: new Date('2001-01-01'), max: new Date('2099-12-31'), noInvalidDate: true }),
});
const identity = fc.record(
  { accessKeyId: plain.map((id) => id.replaceAll('/', 'x')), secretAccessKey: plain, sessionToken: plain },
  { requiredKeys: ['accessKeyId', 'secretAccessKey'] },
);

describe('Signer', () => {
  it("signs as the AWS SDK's signer does, over odd paths, queries, headers and tokens, with changing credentials and days", async () => {
    const signers = new Map<string, Signer>();
    await fc.assert(
      fc.asyncProperty(request, identity, async (drawn, credentials) => {
        const { service, region, method, headers: given, body, now } = drawn;
        const path = service === 's3' ? `/${uriEncode(drawn.key, true)}` : '/';
        const names = Object.keys(drawn.query).map((name) => [uriEncode(name), uriEncode(drawn.query[name])]);
        const query = names
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([name, value]) => `${name}=${value}`)
          .join('&');
        const payloadSha256 = createHash('sha256').update(body).digest('hex');
        const headers = { ...given };
        if (service === 's3') headers['x-amz-content-sha256'] = payloadSha256;
        const expected = await oracle(drawn, credentials, path, { ...headers, host: HOST });
        // One signer for many requests, as in use: its cached key must follow day and credentials.
        const signer = signers.get(service + region) ?? new Signer(service, region, HOST);
        signers.set(service + region, signer);
        const toSign = { method, path, query, headers, payloadSha256 };
        expect(signer.sign(toSign, credentials, now)).toEqual(expected);
        // Another one with the same headers, in the same second or another.
        for (const later of [0, 1000]) {
          const then = new Date(now.getTime() + later);
          // S3's hash of the body is one of the headers.
          const otherBody = service === 's3' ? body : Buffer.from('other');
          const other = { ...drawn, method: 'DELETE', body: otherBody, now: then };
          const otherSha256 = createHash('sha256').update(other.body).digest('hex');
          expect(signer.sign({ ...toSign, method: 'DELETE', payloadSha256: otherSha256 }, credentials, then)).toEqual(
            await oracle(other, credentials, path, { ...headers, host: HOST }),
          );
        }
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['a/b c', 'a/b%20c', 'a%2Fb%20c'],
    ["!'()*", '%21%27%28%29%2A', '%21%27%28%29%2A'],
    ['-_.~', '-_.~', '-_.~'],
    ['中😀', '%E4%B8%AD%F0%9F%98%80', '%E4%B8%AD%F0%9F%98%80'],
    ['a//b/../c', 'a//b/../c', 'a%2F%2Fb%2F..%2Fc'],
  ])('encodes %s', (text, path, parameter) => {
    expect(uriEncode(text, true)).toBe(path);
    expect(uriEncode(text)).toBe(parameter);
  });
});

async function oracle(
  {
    service,
    region,
    method,
    query,
    body,
    now,
  }: { service: string; region: string; method: string; query: Record<string, string>; body: Uint8Array; now: Date },
  credentials: Credentials,
  path: string,
  headers: Record<string, string>,
): Promise<Record<string, string>> {
  const signer = new SignatureV4({
    service,
    region,
    credentials,
    sha256: Sha256 as never,
    applyChecksum: false,
    uriEscapePath: service !== 's3',
  });
  const signed = await signer.sign(
    { method, protocol: 'http:', hostname: 'example.com', port: 8000, path, query, headers: { ...headers }, body },
    { signingDate: now },
  );
  return signed.headers;
}
