import { expect, it } from 'vitest';
import { untilStreamIsOn } from '../../src/dynamodb/table-stream.ts';
import { MemoryStream } from '../stages/capture/memory-stream.ts';

it('a stream that is being switched on is waited for, since a write may not be in it yet', async () => {
  const stream = new MemoryStream();
  stream.status = 'ENABLING';
  let isOn = false;
  const waiting = untilStreamIsOn(stream, 'arn', new AbortController().signal).then(() => (isOn = true));
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
  expect(isOn).toBe(false);
  stream.status = 'ENABLED';
  await waiting;
  const stop = new AbortController();
  stream.status = 'ENABLING';
  const stopped = untilStreamIsOn(stream, 'arn', stop.signal);
  stop.abort();
  await expect(stopped).rejects.toMatchObject({ name: 'AbortError' });
});
