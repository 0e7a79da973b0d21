import { BufferPool } from '../model/buffer-pool.ts';
import type { ItemWrite } from './put-items.ts';

const PUT_HEAD = Buffer.from('{"PutRequest":{"Item":');
const DELETE_HEAD = Buffer.from('{"DeleteRequest":{"Key":');
/** Requests are parted by commas, each of which stands behind one of them. */
const REQUEST_END = Buffer.from('}},');
const LAST_REQUEST_END = Buffer.from('}}');
/** Batches of common items fit; larger ones get memory of their own. */
const BODY_BYTES = 64 * 1024;
const BODIES_KEPT = 64;

/** Makes the bodies of BatchWriteItem requests on one table, in memory that the next one may use again. */
export class BatchBodies {
  readonly #pool = new BufferPool(BODY_BYTES, BODIES_KEPT);
  readonly #head: Buffer;
  readonly #tail = Buffer.from(']},"ReturnConsumedCapacity":"TOTAL"}');

  constructor(table: string) {
    this.#head = Buffer.from(`{"RequestItems":{${JSON.stringify(table)}:[`);
  }

  /** One request's body; to be given back by `give` when it was sent. */
  make(writes: readonly ItemWrite[]): Buffer {
    let length = this.#head.length + this.#tail.length - 1;
    for (const write of writes) length += headOf(write).length + write.end - write.start + REQUEST_END.length;
    const body = this.#pool.take(length);
    let at = copyShort(this.#head, body, 0);
    for (let i = 0; i < writes.length; i++) {
      const { bytes, start, end } = writes[i];
      at = copyShort(headOf(writes[i]), body, at);
      at += bytes.copy(body, at, start, end);
      at = copyShort(i === writes.length - 1 ? LAST_REQUEST_END : REQUEST_END, body, at);
    }
    copyShort(this.#tail, body, at);
    return body;
  }

  give(body: Buffer): void {
    this.#pool.give(body);
  }
}

function headOf({ deletes }: ItemWrite): Buffer {
  return deletes === true ? DELETE_HEAD : PUT_HEAD;
}

/** A loop is faster than a call into native code for a few bytes. */
function copyShort(from: Buffer, to: Buffer, at: number): number {
  for (let i = 0; i < from.length; i++) to[at + i] = from[i];
  return at + from.length;
}
