import fc from 'fast-check';
import { XMLParser } from 'fast-xml-parser';
import { describe, expect, it } from 'vitest';
import { child, children, escapeXml, parseXml, text, type XmlElement } from '../../src/s3/xml.ts';

/** What is written: text, or elements by name, each as often as it stands there. */
type Written = string | { name: string; content: Written }[];

const name = fc.constantFrom('Part', 'ETag', 'Key', 'Owner', 'ID', 'Error', 'x-1', '_y.z');
const plain = fc.string({ unit: fc.constantFrom('a', '7', ' ', '\n', '\t', '&', '<', '>', '"', "'", ']', 'é', '😀') });
const { written: content } = fc.letrec<{ written: Written }>((tie) => ({
  written: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    plain,
    fc.array(fc.record({ name, content: tie('written') }), { minLength: 1, maxLength: 4 }),
  ),
}));

interface Style {
  prefix: string;
  space: string;
  attribute: string;
}

const style: fc.Arbitrary<Style> = fc.record({
  prefix: fc.constantFrom('', 's3:'),
  space: fc.constantFrom('', '\n  '),
  attribute: fc.constantFrom('', ` xmlns="http://x/?a>b"`, " a='<'".replace('<', '&lt;')),
});

function write(what: Written, { prefix, space, attribute }: Style): string {
  if (typeof what === 'string') return escapeXml(what);
  const elements = what.map((one) => {
    const inside = write(one.content, { prefix, space, attribute });
    return inside === '' && space !== ''
      ? `<${prefix}${one.name}${attribute} />`
      : `<${prefix}${one.name}${attribute}>${inside}</${prefix}${one.name}>`;
  });
  return space + elements.join(space) + space;
}

const read = (xml: string, root = 'Root'): XmlElement | undefined => parseXml(Buffer.from(xml), root);

/** What has been read, in the form of what was written; elements of one name together, since their order among others is not kept. */
function writtenOf(element: XmlElement): Written {
  if (element.children.size === 0) return element.text;
  return [...element.children].flatMap(([each, alike]) =>
    alike.map((one) => ({ name: each, content: writtenOf(one) })),
  );
}

function grouped(what: Written): Written {
  if (typeof what === 'string') return what;
  const names = [...new Set(what.map((one) => one.name))];
  return names.flatMap((each) =>
    what.filter((one) => one.name === each).map((one) => ({ name: each, content: grouped(one.content) })),
  );
}

describe('an answer in XML', () => {
  const document = fc.tuple(content, style, fc.constantFrom('', '<?xml version="1.0" encoding="UTF-8"?>', '\r\n  '));

  it('is read as it was written', () => {
    fc.assert(
      fc.property(document, ([written, how, head]) => {
        const root = read(`${head}${write([{ name: 'Root', content: written }], how)}`);
        expect(root && writtenOf(root)).toEqual(grouped(written));
      }),
      { numRuns: 1000 },
    );
  });

  it('is read as a general parser reads it', () => {
    const parser = new XMLParser({ removeNSPrefix: true, parseTagValue: false, trimValues: false, htmlEntities: true });
    const same = (element: XmlElement, general: unknown): void => {
      if (element.children.size === 0) return expect(general).toBe(element.text);
      for (const [each, alike] of element.children) {
        const found = (general as Record<string, unknown>)[each];
        const list = Array.isArray(found) ? found : [found];
        expect(list).toHaveLength(alike.length);
        for (const [i, one] of alike.entries()) same(one, list[i]);
      }
    };
    // Without white space between elements, which that parser takes for text.
    const dense = document.filter(([written, how]) => how.space === '' && written !== '');
    fc.assert(
      fc.property(dense, ([written, how]) => {
        const xml = write([{ name: 'Root', content: written }], how);
        same(read(xml)!, (parser.parse(xml) as { Root: unknown }).Root);
      }),
    );
  });

  it('gives text and children by their names, and nothing where there is none', () => {
    const xml = '<R><A>1</A><B><C>&#x41;&amp;</C></B><A>2</A><E/></R>';
    const root = read(xml, 'R')!;
    expect(text(root, 'A')).toBe('1');
    expect(children(root, 'A').map((one) => one.text)).toEqual(['1', '2']);
    expect(text(child(root, 'B'), 'C')).toBe('A&');
    expect([text(root, 'E'), text(root, 'Z'), text(child(root, 'Z'), 'C')]).toEqual(['', '', '']);
    expect(children(root, 'Z')).toEqual([]);
  });

  it('is read although a text of it is none, as it stands', () => {
    const root = read('<Root><Location>a&amp;b&#x00;</Location><ETag>&quot;e&quot;</ETag></Root>')!;
    expect(text(root, 'Location')).toBe('a&amp;b&#x00;');
    expect(text(root, 'ETag')).toBe('"e"');
  });

  it.each([
    ['nothing', ''],
    ['text', 'Bad Gateway'],
    ['JSON', '{"Root":1}'],
    ['a page', '<!DOCTYPE html><html><body><br>Sign in</body></html>'],
    ['another root', '<Other></Other>'],
    ['no end', '<Root><A>1</A>'],
    ['something behind the end', '<Root/><Root/>'],
    ['text between elements', '<Root><A/>x</Root>'],
    ['elements that overlap', '<Root><A><B></A></B></Root>'],
    ['elements without end', `<Root>${'<A>'.repeat(100_000)}`],
  ])('is none with %s', (_, xml) => {
    expect(read(xml)).toBeUndefined();
  });
});
