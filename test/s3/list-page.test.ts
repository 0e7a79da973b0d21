import fc from 'fast-check';
import { XMLParser } from 'fast-xml-parser';
import { describe, expect, it } from 'vitest';
import { readListPage, type ListPage } from '../../src/s3/list-page.ts';
import { MalformedXml } from '../../src/s3/xml-cursor.ts';
import { uriEncode } from '../../src/aws/signer.ts';

const read = (xml: string, after?: string, prefix = ''): ListPage => readListPage(Buffer.from(xml), { prefix, after });

const page = (contents: string, more = '<IsTruncated>false</IsTruncated>'): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><EncodingType>url</EncodingType>${more}${contents}</ListBucketResult>`;

const object = (key: string, more: Record<string, string> = {}): string => {
  const fields = { Key: key, LastModified: '2026-11-28T03:04:39.120Z', ETag: '&quot;e&quot;', Size: '7', ...more };
  return `<Contents>${Object.entries(fields)
    .map(([name, value]) => `<${name}>${value}</${name}>`)
    .join('')}</Contents>`;
};

const keysOf = (xml: string): string[] => read(xml).objects.map(({ key }) => key);

const character = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...Array.from('abAZ/ +%&<>"\'=\\\n\t~é中😀\u{10ffff}')) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }) },
);
const key = fc.array(character, { minLength: 1, maxLength: 12 }).map((points) => points.join(''));

/** The same text as different services write it. */
const entities = (text: string): string =>
  text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&#x3C;', '>': '&gt;', '"': '&#34;' })[c] ?? c);

const encodings: ((text: string) => string)[] = [
  (text) => encodeURIComponent(text).replaceAll('%20', '+').replaceAll('%2F', '/').replaceAll("'", '%27'),
  (text) => uriEncode(text),
  (text) => uriEncode(text, true).replace(/%../g, (escape) => escape.toLowerCase()),
];

interface Listed {
  key: string;
  sizeBytes: number;
  etag: string;
  lastModifiedMs: number;
  storageClass: string;
}

const listed: fc.Arbitrary<Listed> = fc.record({
  key,
  sizeBytes: fc.oneof(fc.nat(), fc.constantFrom(0, 5 * 1024 ** 4, Number.MAX_SAFE_INTEGER)),
  etag: fc.stringMatching(/^[0-9a-f]{0,32}(-[0-9]{1,4})?$/).map((hex) => `"${hex}"`),
  lastModifiedMs: fc.integer({ min: 0, max: 4e12 }),
  storageClass: fc.constantFrom('STANDARD', 'GLACIER', 'STANDARD_IA', 'DEEP_ARCHIVE'),
});

/** Any document that says that these objects are there. */
const document = fc
  .record({
    objects: fc.uniqueArray(listed, { selector: (one) => one.key, maxLength: 8 }),
    encoding: fc.constantFrom(...encodings),
    namespace: fc.constantFrom('', 's3:'),
    space: fc.constantFrom('', '\n  '),
    token: fc.option(fc.string({ minLength: 1 })),
    unknown: fc.constantFrom('', '<Owner id="a>b"><ID>1</ID><X><Key>k</Key></X><Empty/></Owner>', '<Checksum/>'),
    order: fc.infiniteStream(fc.nat()),
    countIsThere: fc.boolean(),
    countIsLast: fc.boolean(),
  })
  .map(({ objects, encoding, namespace: ns, space, token, unknown, order, countIsThere, countIsLast }) => {
    const sorted = objects.toSorted((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
    const element = (name: string, text: string): string => `${space}<${ns}${name}>${text}</${ns}${name}>`;
    const contents = sorted.map((one) => {
      const fields = [
        element('Key', encoding(one.key)),
        element('Size', String(one.sizeBytes)),
        element('ETag', order.next().value % 2 === 0 ? entities(one.etag) : one.etag.replaceAll('"', '&quot;')),
        element('LastModified', new Date(one.lastModifiedMs).toISOString()),
        one.storageClass === 'STANDARD' && order.next().value % 2 === 0
          ? ''
          : element('StorageClass', one.storageClass),
        ns === '' ? unknown : '',
      ];
      return element('Contents', fields.toSorted(() => (order.next().value % 3) - 1).join(''));
    });
    const head = element('EncodingType', 'url') + (countIsThere ? element('KeyCount', String(sorted.length)) : '');
    const tail =
      element('IsTruncated', String(token !== null)) +
      (token === null ? '' : element('NextContinuationToken', entities(token)));
    const body = countIsLast ? [...contents, head, tail] : [head, tail, ...contents];
    const xml = `<?xml version="1.0"?>${space}<${ns}ListBucketResult xmlns="http://x/" a='>'>${body.join('')}${space}</${ns}ListBucketResult>${space}`;
    return { xml, sorted, token: token ?? undefined };
  });

describe('a page of a listing', () => {
  it('is read as it was written, whatever the order and style of its elements', () => {
    fc.assert(
      fc.property(document, ({ xml, sorted, token }) => {
        const found = read(xml);
        expect(found.objects.map((one) => one.detach())).toEqual(sorted);
        expect(found.token).toBe(token);
      }),
      { numRuns: 3000 },
    );
  });

  it('is read as a general parser reads it', () => {
    const parser = new XMLParser({
      removeNSPrefix: true,
      parseTagValue: false,
      trimValues: false,
      isArray: (name) => name === 'Contents',
    });
    fc.assert(
      fc.property(document, ({ xml }) => {
        const root = (parser.parse(xml) as { ListBucketResult: { Contents?: Record<string, string>[] } })
          .ListBucketResult;
        const expected = (root.Contents ?? []).map((one) => ({
          key: decodeURIComponent(one['Key'].replaceAll('+', ' ')),
          size: one['Size'],
        }));
        expect(read(xml).objects.map((one) => ({ key: one.key, size: String(one.sizeBytes) }))).toEqual(expected);
      }),
    );
  });

  it('has the same ETags whatever their quotes are written as, and whatever the object before has', () => {
    const written: ((text: string) => string)[] = [
      (text) => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;'),
      (text) => text.replaceAll('&', '&#38;').replaceAll('"', '&#34;'),
      (text) => text.replaceAll('&', '&#x26;'),
      (text) => text.replaceAll('&', '&amp;').replace('"', '&quot;').replaceAll(/"$/g, '&#34;'),
    ];
    const inner = fc.array(fc.constantFrom('a', '0', '-', '"', '&', '/', '+', '%41', ' '), { maxLength: 9 });
    const etags = fc.array(
      fc.tuple(
        fc.oneof(
          fc.constantFrom('', 'W/"a"'),
          inner.map((parts) => `"${parts.join('')}"`),
        ),
        fc.constantFrom(...written),
      ),
      { maxLength: 9 },
    );
    fc.assert(
      fc.property(etags, (all) => {
        const contents = all.map(([etag, write], n) => object(`k${n}`, { ETag: write(etag) }));
        expect(read(page(contents.join(''))).objects.map(({ etag }) => etag)).toEqual(all.map(([etag]) => etag));
      }),
      { numRuns: 3000 },
    );
  });

  it('of more objects than S3 lists at once has all of them', () => {
    const keys = Array.from({ length: 4321 }, (_, n) => `k${String(n).padStart(4, '0')}`);
    const classes = keys.map((_, n) => ['STANDARD', 'GLACIER', 'STANDARD_IA'][n % 3]);
    const contents = keys.map((one, n) => object(one, { Size: String(n ** 3), StorageClass: classes[n] }));
    const { objects } = read(page(contents.join('')));
    expect(objects.map((one) => one.key)).toEqual(keys);
    expect(objects.map((one) => one.sizeBytes)).toEqual(keys.map((_, n) => n ** 3));
    expect(objects.map((one) => one.storageClass)).toEqual(classes);
  });

  it('breaks off anywhere: an error, never fewer objects', () => {
    fc.assert(
      fc.property(document, fc.double({ min: 0, max: 1, noNaN: true }), ({ xml }, where) => {
        const bytes = Buffer.from(xml.trimEnd());
        const cut = Buffer.from(bytes.subarray(0, Math.floor(where * (bytes.length - 1))));
        expect(() => readListPage(cut, { prefix: '' })).toThrow(MalformedXml);
      }),
      { numRuns: 1000 },
    );
  });

  it('with any byte changed is an error, or has as many objects', () => {
    fc.assert(
      fc.property(document, fc.nat(), fc.integer({ min: 0, max: 255 }), ({ xml, sorted }, where, byte) => {
        const bytes = Buffer.from(xml);
        bytes[where % bytes.length] = byte;
        let found: ListPage;
        try {
          found = readListPage(bytes, { prefix: '' });
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedXml);
          return;
        }
        expect(found.objects).toHaveLength(sorted.length);
      }),
      { numRuns: 3000 },
    );
  });

  it('takes `+` for a space where keys are encoded, and for itself where they are not', () => {
    expect(keysOf(page(object('a+b%2Bc%20d')))).toEqual(['a b+c d']);
    expect(keysOf(page(object('a+b%2B&amp;c')).replace('<EncodingType>url</EncodingType>', ''))).toEqual(['a+b%2B&c']);
    const late = page(object('a+b'))
      .replace('<EncodingType>url</EncodingType>', '')
      .replace('</ListB', '<EncodingType>url</EncodingType></ListB');
    expect(keysOf(late)).toEqual(['a b']);
  });

  it('gives ETags with quotes, times in milliseconds, and STANDARD where no class is named', () => {
    const [one] = read(page(object('k', { ETag: 'abc' }))).objects;
    expect(one.detach()).toEqual({
      key: 'k',
      sizeBytes: 7,
      etag: '"abc"',
      lastModifiedMs: 1795835079120,
      storageClass: 'STANDARD',
    });
    for (const [text, ms] of [
      ['2026-11-28T03:04:39Z', 1795835079000],
      ['2026-11-28T03:04:39.5Z', 1795835079500],
      ['2026-11-28T03:04:39.123456Z', 1795835079123],
      ['2026-11-28T05:04:39.000+02:00', 1795835079000],
    ] as const)
      expect(read(page(object('k', { LastModified: text }))).objects[0].lastModifiedMs).toBe(ms);
  });

  it.each([
    ['nothing', ''],
    ['an error', '<Error><Code>SlowDown</Code></Error>'],
    ['another page', '<html><body>Sign in</body></html>'],
    ['no end', page('').replace('</ListBucketResult>', '')],
    ['something behind the end', `${page('')}<x/>`],
    ['no IsTruncated', page('', '')],
    ['no token', page('', '<IsTruncated>true</IsTruncated>')],
    ['another count', page(object('a'), '<IsTruncated>false</IsTruncated><KeyCount>2</KeyCount>')],
    ['no key', page(object('a').replace('<Key>a</Key>', ''))],
    ['an empty key', page(object(''))],
    ['two keys', page(object('a').replace('<Key>', '<Key>0</Key><Key>'))],
    ['no size', page(object('a', { Size: '' }))],
    ['a size that is none', page(object('a', { Size: '1e3' }))],
    ['a size beyond numbers', page(object('a', { Size: '9007199254740993' }))],
    ['no time', page(object('a', { LastModified: '' }))],
    ['a time that is none', page(object('a', { LastModified: '2026-11-28T03:61:39.120Z' }))],
    ['a time with a letter', page(object('a', { LastModified: '2026-11-28T03:01:39.12xZ' }))],
    ['a month that is none', page(object('a', { LastModified: '2026-13-28T03:01:39.120Z' }))],
    ['an escape without end', page(object('a%4'))],
    ['an escape that is none', page(object('a%zz'))],
    ['bytes that are no UTF-8', page(object('a%ff'))],
    ['half a character', page(object('a%ed%a0%80'))],
    ['an unknown entity', page(object('a&nbsp;'))],
    ['an entity without end', page(object('a&amp'))],
    ['an entity of no character', page(object('a&#xD800;'))],
    ['CDATA', page(object('<![CDATA[a]]>'))],
    ['a comment', page(`<!-- -->${object('a')}`)],
    ['text between elements', page(`x${object('a')}`)],
    ['an element that is not closed', page(object('a').replace('</Size>', ''))],
    ['an element that swallows objects', page(`<Owner><ID>${object('a')}`)],
    ['elements that overlap', page(object('a').replace('<Size>', '<Owner><ID></Owner></ID><Size>'))],
    ['keys out of order', page(object('b') + object('a'))],
    ['a key twice', page(object('a') + object('a'))],
    ['keys in the order of UTF-16', page(object('%F0%9F%98%80') + object('%EE%80%80'))],
  ])('is refused with %s', (_, xml) => {
    expect(() => read(xml)).toThrow(MalformedXml);
  });

  it('is refused with keys that do not come after the page before, or are of another prefix', () => {
    const xml = page(object('p/a') + object('p/b'));
    expect(read(xml, 'p/A', 'p/').objects).toHaveLength(2);
    expect(() => read(xml, 'p/a', 'p/')).toThrow(MalformedXml);
    expect(() => read(xml, undefined, 'q/')).toThrow(MalformedXml);
    expect(() => read(xml, undefined, 'p/a')).toThrow(MalformedXml);
  });
});
