import { afterAll, expect, it } from 'vitest';
import { runPool } from '../../src/engine/pool.ts';
import { S3Bucket } from '../../src/s3/bucket.ts';
import { AppliedRemoval } from '../../src/staging/applied-removal.ts';
import { findLastChange, findState, STATE_EVERY } from '../../src/staging/change-log.ts';
import { siteAt } from '../aws/site-at.ts';
import { layout, writeChanges } from '../stages/apply/written-changes.ts';
import { useWorld } from '../world/use-world.ts';

const { source } = await useWorld('s3');
const site = siteAt(source.endpoints.s3, { region: source.region, credentials: async () => source.credentials });
const bucket = new S3Bucket(site, await source.createBucket());
afterAll(() => bucket.close());

async function keysBelow(prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of bucket.list(prefix)) keys.push(key);
  return keys;
}

it('removes from a bucket what is applied, and nothing else', async () => {
  const last = 2 * STATE_EVERY + 9;
  const numbers = Array.from({ length: last }, (_, i) => i + 1);
  const write = (seq: number): Promise<void> => writeChanges(bucket, seq, [{ pk: 'a', n: seq }]);
  await runPool(numbers, 16, write, new AbortController());
  await bucket.put('p/changes/01-a/other', Buffer.from('x'));
  const removal = await AppliedRemoval.open(bucket, layout, new AbortController().signal);
  removal.applied(last);
  await removal.idle();
  const left = numbers.slice(STATE_EVERY - 1);
  expect(await keysBelow(layout.commits)).toEqual(left.map((seq) => layout.commit(seq)));
  expect(await keysBelow(layout.data(''))).toHaveLength(left.length);
  expect(await keysBelow('p/changes/01-a/other')).toHaveLength(1);
  expect((await findState(bucket, layout, 0))?.seq).toBe(2 * STATE_EVERY);
  expect((await findLastChange(bucket, layout))?.seq).toBe(last);
});
