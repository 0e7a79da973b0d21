import { ChunkedBody } from './chunked-body.ts';
import { GatheredBody } from './gathered-body.ts';
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
  /** In place of `#body` where no length is announced. */
  #gathered: GatheredBody | undefined;
  #chunked: ChunkedBody | undefined;

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
    if (this.#gathered !== undefined) return this.#gather(this.#head, this.#gathered, bytes, at);
    if (this.#body === undefined) throw new MalformedResponse('bytes behind a response');
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
    if (this.#head?.framing !== 'close' || this.#gathered === undefined) return false;
    this.#finish(this.#head, this.#gathered.complete(this.#head, this.#request?.into));
    return true;
  }

  /** The rest of the response will not come: its sink hears how much of an announced body has. */
  breakOff(): void {
    const sink = this.#body === undefined ? undefined : this.#request?.into;
    this.#request = undefined;
    this.#body = undefined;
    this.#gathered?.release();
    this.#gathered = undefined;
    sink?.broke?.(this.#received);
  }

  #gather(head: ResponseHead, gathered: GatheredBody, bytes: Buffer, at: number): number {
    const before = gathered.length;
    let end = bytes.length;
    if (this.#chunked === undefined) gathered.add(bytes, at, end);
    else end = this.#chunked.read(bytes, at);
    this.#listener.onMoved(gathered.length - before);
    if (gathered.length > RESPONSE_BYTES_MAX) throw new MalformedResponse('a body too large');
    if (this.#chunked?.ended === true) this.#finish(head, gathered.complete(head, this.#request?.into));
    return end;
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
    this.#body = undefined;
    this.#gathered = undefined;
    this.#chunked = undefined;
    if (head.framing === 'none') this.#finish(head, Buffer.alloc(0));
    else if (head.framing === 'length') {
      if (head.length > RESPONSE_BYTES_MAX) throw new MalformedResponse('a body too large');
      this.#body = this.#request?.into?.take(head.length, head) ?? Buffer.allocUnsafeSlow(head.length);
      this.#listener.onBody();
    } else {
      this.#gathered = new GatheredBody();
      if (head.framing === 'chunked') this.#chunked = new ChunkedBody(this.#gathered);
    }
  }

  #finish(head: ResponseHead, body: Buffer): void {
    this.#request = undefined;
    this.#head = undefined;
    this.#body = undefined;
    this.#gathered = undefined;
    this.#chunked = undefined;
    this.#listener.onWhole(head, body);
  }
}
