import { ChunkedBody } from './chunked-body.ts';
import type { HttpRequest } from './http-client.ts';
import { MalformedResponse, parseHead, type ResponseHead } from './http-message.ts';

/** Hears how a response comes in. */
export interface ResponseListener {
  /** A body begins whose length is announced. */
  onBody(): void;
  /** So many bytes of the body have been received. */
  onMoved(bytes: number): void;
  /** The response is whole; the reader is ready for the next one. */
  onWhole(head: ResponseHead, body: Buffer): void;
}

/** What the socket reads into, again and again: received bytes are copied to where they belong, and no garbage comes of them. */
const RECEIVE_BYTES = 128 * 1024;
const HEAD_BYTES_MAX = 64 * 1024;
/** Largest response that is accepted; nothing that dynaferry asks for is near it. */
const RESPONSE_BYTES_MAX = 1024 * 1024 * 1024;
const HEAD_END = Buffer.from('\r\n\r\n');

/** Takes the bytes that one connection receives apart into one response after the other (RFC 9112). */
export class ResponseReader {
  readonly #listener: ResponseListener;
  #shared: Buffer | undefined;
  #request: HttpRequest | undefined;
  #headRest: Buffer | undefined;
  #head: ResponseHead | undefined;
  #body: Buffer | undefined;
  #received = 0;
  #chunked: ChunkedBody | undefined;
  #pieces: Buffer[] = [];

  constructor(listener: ResponseListener) {
    this.#listener = listener;
  }

  /** The head of the response whose body is being received. */
  get head(): ResponseHead | undefined {
    return this.#head;
  }

  /** What comes next is the response to this request. */
  begin(request: HttpRequest): void {
    this.#request = request;
    this.#head = undefined;
  }

  /** Where the socket puts what it receives next: a long body where it belongs, all else where it is copied from. */
  receiveBuffer(): Buffer {
    const left = this.#body === undefined ? 0 : this.#body.length - this.#received;
    if (this.#body !== undefined && left >= RECEIVE_BYTES) return this.#body.subarray(this.#received);
    return (this.#shared ??= Buffer.allocUnsafeSlow(RECEIVE_BYTES));
  }

  /** Takes what of the bytes from `at` on belongs to the part of the response that is due; returns the position behind it. Throws MalformedResponse, and what the request's sink throws. */
  read(bytes: Buffer, at: number): number {
    if (this.#head === undefined) return this.#readHead(bytes, at);
    if (this.#chunked !== undefined) {
      const before = this.#chunked.length;
      const end = this.#chunked.read(bytes, at);
      this.#listener.onMoved(this.#chunked.length - before);
      if (this.#chunked.length > RESPONSE_BYTES_MAX) throw new MalformedResponse('a body too large');
      if (this.#chunked.ended) this.#finish(this.#head, Buffer.concat(this.#chunked.pieces, this.#chunked.length));
      return end;
    }
    if (this.#body === undefined) {
      this.#pieces.push(Buffer.from(bytes.subarray(at)));
      this.#received += bytes.length - at;
      this.#listener.onMoved(bytes.length - at);
      if (this.#received > RESPONSE_BYTES_MAX) throw new MalformedResponse('a body too large');
      return bytes.length;
    }
    const end = Math.min(bytes.length, at + this.#body.length - this.#received);
    const isThere = bytes.buffer === this.#body.buffer && bytes.byteOffset === this.#body.byteOffset + this.#received;
    if (!isThere) bytes.copy(this.#body, this.#received, at, end);
    this.#received += end - at;
    this.#listener.onMoved(end - at);
    if (this.#received === this.#body.length) this.#finish(this.#head, this.#body);
    return end;
  }

  /** Nothing comes any more; true where that is the end of a response. */
  end(): boolean {
    if (this.#head?.framing !== 'close') return false;
    this.#finish(this.#head, Buffer.concat(this.#pieces, this.#received));
    return true;
  }

  /** The rest of the response will not come: its sink hears how much of an announced body has. */
  breakOff(): void {
    const sink = this.#body === undefined ? undefined : this.#request?.into;
    this.#request = undefined;
    this.#body = undefined;
    sink?.broke?.(this.#received);
  }

  #readHead(bytes: Buffer, at: number): number {
    const rest = this.#headRest?.length ?? 0;
    const whole =
      this.#headRest === undefined ? bytes.subarray(at) : Buffer.concat([this.#headRest, bytes.subarray(at)]);
    const end = whole.indexOf(HEAD_END);
    if (end < 0) {
      if (whole.length > HEAD_BYTES_MAX) throw new MalformedResponse('headers without end');
      // Something else than HTTP is known by its first bytes.
      if (whole.length >= 5 && whole.toString('latin1', 0, 5) !== 'HTTP/')
        throw new MalformedResponse('not an HTTP response');
      this.#headRest = Buffer.from(whole);
      return bytes.length;
    }
    this.#headRest = undefined;
    const head = parseHead(whole.toString('latin1', 0, end), this.#request?.method ?? 'GET');
    // Interim responses announce the real one.
    if (head.status >= 200) this.#beginBody(head);
    return at + end + HEAD_END.length - rest;
  }

  #beginBody(head: ResponseHead): void {
    this.#head = head;
    this.#received = 0;
    this.#pieces = [];
    this.#body = undefined;
    this.#chunked = head.framing === 'chunked' ? new ChunkedBody() : undefined;
    if (head.framing === 'none') this.#finish(head, Buffer.alloc(0));
    else if (head.framing === 'length') {
      if (head.length > RESPONSE_BYTES_MAX) throw new MalformedResponse('a body too large');
      this.#body = this.#request?.into?.take(head.length, head) ?? Buffer.allocUnsafeSlow(head.length);
      this.#listener.onBody();
    }
  }

  #finish(head: ResponseHead, body: Buffer): void {
    this.#request = undefined;
    this.#head = undefined;
    this.#body = undefined;
    this.#chunked = undefined;
    this.#listener.onWhole(head, body);
  }
}
