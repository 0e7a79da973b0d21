import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { fetchWhole } from '../../src/s3/whole-body.ts';

const md5 = (text: string): string => `"${createHash('md5').update(text).digest('hex')}"`;

/** Answers one body after the other, all under the ETag of the first argument. */
function answering(etag: string, bodies: string[], headers: Record<string, string> = {}) {
  let fetches = 0;
  const fetch = async () => ({
    status: 200,
    headers: { etag, ...headers },
    body: Buffer.from(bodies[fetches++]),
  });
  const whole = async (): Promise<string> => (await fetchWhole(fetch, 's3://bucket/key')).body.toString();
  return { whole, fetches: () => fetches };
}

describe('an object that is fetched whole', () => {
  it('is fetched again where its body is not the one of its ETag', async () => {
    const { whole, fetches } = answering(md5('right'), ['rigth', 'right']);
    expect([await whole(), fetches()]).toEqual(['right', 2]);
  });

  it('is believed at once where the ETag agrees, or is no MD5', async () => {
    for (const [etag, headers] of [
      [md5('body'), {}],
      ['"d41d8cd98f00b204e9800998ecf8427e-3"', {}],
      [md5('other'), { 'x-amz-server-side-encryption': 'aws:kms' }],
    ] as const) {
      const { whole, fetches } = answering(etag, ['body'], headers);
      expect([await whole(), fetches()]).toEqual(['body', 1]);
    }
  });

  it('is believed when the same body comes twice: some stores make up their ETags', async () => {
    const { whole, fetches } = answering(md5('something else'), ['body', 'body']);
    expect([await whole(), fetches()]).toEqual(['body', 2]);
  });

  it('is given up where each body is another one', async () => {
    const { whole } = answering(md5('right'), ['a', 'b', 'c', 'd', 'e', 'f']);
    await expect(whole()).rejects.toMatchObject({ code: 'INTERRUPTED_NETWORK' });
  });
});
