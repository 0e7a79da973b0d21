import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RunningDigest } from '../../../src/stages/transfer/running-digest.ts';

describe('a digest of parts', () => {
  it('is that of the whole, in whatever order they come', async () => {
    const parts = fc.array(fc.uint8Array({ maxLength: 50 }), { minLength: 1, maxLength: 12 });
    const cases = parts.chain((list) =>
      fc.tuple(fc.constant(list), fc.shuffledSubarray([...list.keys()], { minLength: list.length })),
    );
    await fc.assert(
      fc.asyncProperty(cases, async ([list, order]) => {
        const digest = new RunningDigest();
        await Promise.all(order.map((index) => digest.add(index, Buffer.from(list[index]))));
        expect(digest.hex()).toBe(createHash('md5').update(Buffer.concat(list)).digest('hex'));
      }),
    );
  });

  it('lets nobody wait for a part that will not come', async () => {
    const digest = new RunningDigest();
    const waiting = [digest.add(2, Buffer.from('c')), digest.add(1, Buffer.from('b'))];
    digest.fail();
    await Promise.all(waiting);
    await digest.add(7, Buffer.from('x'));
  });
});
