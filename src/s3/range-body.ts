import { header, type HttpResponse } from '../aws/http-client.ts';
import type { ResumableBody } from '../aws/signed-client.ts';
import { DynaferryError } from '../model/errors.ts';

/** The bytes [start, end); they are put into a buffer of that length where one is given. */
export interface ByteRange {
  start: number;
  end: number;
  into?: Buffer;
}

type Head = Pick<HttpResponse, 'status' | 'headers'>;

/**
 * The bytes [start, end) of an object, gathered from as many answers as it takes: what one of them brought before it broke off stays, and the next
 * request goes on behind it, bound to the ETag of the first answer.
 */
export class RangeBody implements ResumableBody {
  readonly #start: number;
  readonly #where: string;
  /** Where the range ends; at the end of the object where that comes first, as soon as an answer says so. */
  #end: number;
  #etag: string | undefined;
  #buffer: Buffer | undefined;
  #received = 0;
  /** Whether the body that is being received is part of the range, and no error's. */
  #isOurs = false;

  /** `where` names side and object in messages. */
  constructor(range: ByteRange, ifMatch: string | undefined, where: string) {
    this.#start = range.start;
    this.#end = range.end;
    this.#buffer = range.into;
    this.#where = where;
    this.#etag = ifMatch;
  }

  /** Of the next request: what is missing, of the version that was begun with. */
  get headers(): Record<string, string> {
    const range = `bytes=${this.#start + this.#received}-${this.#end - 1}`;
    return this.#etag === undefined ? { range } : { range, 'if-match': this.#etag };
  }

  /** Bytes that are there. */
  get receivedBytes(): number {
    return this.#received;
  }

  take(length: number, head: Head): Buffer {
    this.#isOurs = this.#judge(head, length);
    return this.#isOurs ? this.#rest(length) : Buffer.allocUnsafeSlow(length);
  }

  broke(received: number): void {
    // Without an ETag nothing tells whether the next answer belongs to the same object.
    if (this.#isOurs && this.#etag !== undefined) this.#received += received;
    this.#isOurs = false;
  }

  complete(response: HttpResponse): Buffer {
    const { body } = response;
    // For an empty body nothing was asked for.
    if (!this.#isOurs && this.#judge(response, body.length)) body.copy(this.#rest(body.length));
    return this.#buffer ?? body;
  }

  #rest(length: number): Buffer {
    // The length may be another one as long as nothing of it has been kept.
    if (this.#buffer === undefined || (this.#received === 0 && this.#buffer.length !== length))
      this.#buffer = Buffer.allocUnsafeSlow(length);
    return this.#buffer.subarray(this.#received);
  }

  /** Whether an answer holds what was asked for; not where it is an error. Throws where it is a success that does not fit. */
  #judge(head: Head, length: number): boolean {
    const { status } = head;
    if (status < 200 || status > 299) return false;
    const etag = header(head, 'etag');
    if (this.#etag !== undefined && etag !== undefined && bare(etag) !== bare(this.#etag))
      throw new DynaferryError('SOURCE_CHANGED', `${this.#where} was replaced while it was being read`);
    const at = this.#start + this.#received;
    const given = status === 206 ? contentRange(head) : wholeObject(status, length);
    const end = Math.min(this.#end, given?.sizeBytes ?? Infinity);
    const isKnownEnd = this.#received === 0 || end === this.#end;
    if (given === undefined || given.start !== at || given.end !== end || length !== end - at || !isKnownEnd)
      throw this.#misfit(head, at);
    this.#end = end;
    this.#etag ??= etag;
    return true;
  }

  #misfit(head: Head, at: number): DynaferryError {
    const said = header(head, 'content-range') ?? 'no Content-Range';
    return new DynaferryError(
      'SERVICE_FAILED',
      `${this.#where}: asked for the bytes ${at} to ${this.#end - 1}, S3 answers with others (${head.status}, ${said})`,
      { status: head.status },
    );
  }
}

interface GivenRange {
  start: number;
  end: number;
  sizeBytes?: number;
}

function contentRange(head: Head): GivenRange | undefined {
  const match = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/.exec(header(head, 'content-range') ?? '');
  if (match === null) return undefined;
  const sizeBytes = match[3] === '*' ? undefined : Number(match[3]);
  return { start: Number(match[1]), end: Number(match[2]) + 1, sizeBytes };
}

/** A service that does not know ranges gives the object, which is what was asked for where the range is all of it. */
function wholeObject(status: number, length: number): GivenRange | undefined {
  return status === 200 ? { start: 0, end: length, sizeBytes: length } : undefined;
}

function bare(etag: string): string {
  return etag.replace(/^"|"$/g, '');
}
