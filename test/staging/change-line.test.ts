import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MalformedJson } from '../../src/model/json-bytes.ts';
import { ChangeLine } from '../../src/staging/change-line.ts';

/** What is read of the line in the middle of a block, as text. */
function read(text: string): { micros: number; keys: string; image: string | undefined; deletes: boolean } {
  const block = Buffer.from(`x\n${text}\n{"Metadata"`);
  const line = new ChangeLine();
  line.read(block, 2, 2 + Buffer.byteLength(text));
  const { micros, keysStart, keysEnd, imageStart, imageEnd, deletes } = line;
  return {
    micros,
    keys: block.toString('utf8', keysStart, keysEnd),
    image: deletes ? undefined : block.toString('utf8', imageStart, imageEnd),
    deletes,
  };
}

const keys = '{"PK":{"S":"a}\\"\\\\"}}';
const image = '{"PK":{"S":"a}\\"\\\\"},"m":{"M":{"x":{"N":"1"}}},"é":{"S":"漢"}}';
const head = '{"Metadata":{"WriteTimestampMicros":{"N":"1700000000123456"}},"Keys":';

describe('a line of a change object', () => {
  it('is read as ranges: of a put its key and image, of a delete its key', () => {
    const micros = 1_700_000_000_123_456;
    expect(read(`${head}${keys},"NewImage":${image}}`)).toEqual({ micros, keys, image, deletes: false });
    expect(read(`${head}${keys}}`)).toEqual({ micros, keys, image: undefined, deletes: true });
  });

  it('may have its members in any order, with any spacing, and others beside them', () => {
    const members = [
      `"Metadata" : {"x":1, "WriteTimestampMicros": {"N": "12"} }`,
      `"Keys" : ${keys}`,
      `"NewImage":${image}`,
      `"other":[{"NewImage":{}}]`,
    ];
    fc.assert(
      fc.property(
        fc.shuffledSubarray(members, { minLength: 4 }),
        fc.constantFrom('', ' ', ' \t'),
        (shuffled, space) => {
          const text = `{${space}${shuffled.join(`${space},${space}`)}${space}}${space}`;
          expect(read(text)).toEqual({ micros: 12, keys, image, deletes: false });
        },
      ),
    );
  });

  it.each([
    ['lacks a key', '{"Metadata":{"WriteTimestampMicros":{"N":"1"}},"NewImage":{}}'],
    ['is cut', `${head}${keys},"NewImage":{"PK":{"S":"a"}`],
    ['goes on', `${head}${keys}}}`],
    ['has an image that is none', `${head}${keys},"NewImage":"x"}`],
    ['is something else', '[]'],
  ])('that %s is malformed', (_, text) => {
    const block = Buffer.from(`${text}\n`);
    expect(() => new ChangeLine().read(block, 0, block.length - 1)).toThrow(MalformedJson);
  });
});
