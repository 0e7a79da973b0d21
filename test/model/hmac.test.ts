import { createHmac } from 'node:crypto';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { HmacSha256 } from '../../src/model/hmac.ts';

const key = fc.uint8Array({ minLength: 1, maxLength: 150 });
const content = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 80 }),
  // Halves of characters that take two units, which are no text.
  fc.array(fc.integer({ min: 0xd7f0, max: 0xe010 })).map((units) => String.fromCharCode(...units)),
  fc.integer({ min: 300, max: 1200 }).map((length) => '中'.repeat(length)),
  fc.uint8Array({ maxLength: 1200 }).map((bytes) => Buffer.from(bytes)),
);

it("is Node's HMAC, whatever the lengths of key and content, one content after the other", () => {
  fc.assert(
    fc.property(key, fc.array(content, { minLength: 1, maxLength: 8 }), (bytes, contents) => {
      const hmac = new HmacSha256(Buffer.from(bytes));
      for (const one of contents) expect(hmac.hex(one)).toBe(createHmac('sha256', bytes).update(one).digest('hex'));
    }),
    { numRuns: 500 },
  );
});
