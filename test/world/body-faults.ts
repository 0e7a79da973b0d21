import { setTimeout as sleep } from 'node:timers/promises';

/** A body as it passes. */
export type Chunks = AsyncIterable<Buffer>;

/** The same with one bit of the byte at `offset` turned over. */
export async function* withOneByteChanged(chunks: Chunks, offset: number): AsyncGenerator<Buffer> {
  let passed = 0;
  for await (const chunk of chunks) {
    const at = offset - passed;
    passed += chunk.length;
    if (at < 0 || at >= chunk.length) {
      yield chunk;
      continue;
    }
    const changed = Buffer.from(chunk);
    changed[at] ^= 0x01;
    yield changed;
  }
}

/** Only the first `length` bytes; the rest is left where it is. */
export async function* cut(chunks: Chunks, length: number): AsyncGenerator<Buffer> {
  let left = length;
  if (left === 0) return;
  for await (const chunk of chunks) {
    yield chunk.subarray(0, left);
    left -= chunk.length;
    if (left <= 0) return;
  }
}

const STEPS_PER_SECOND = 10;

/** In small pieces, so many bytes a second. */
export async function* paced(chunks: Chunks, bytesPerSecond: number): AsyncGenerator<Buffer> {
  const step = Math.max(1, Math.floor(bytesPerSecond / STEPS_PER_SECOND));
  for await (const chunk of chunks)
    for (let at = 0; at < chunk.length; at += step) {
      yield chunk.subarray(at, at + step);
      await sleep(1000 / STEPS_PER_SECOND);
    }
}
