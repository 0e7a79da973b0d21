import type { Socket } from 'node:net';
import type { HttpRequest } from './http-client.ts';
import { requestHead } from './http-message.ts';

/** A longer body is sent in slices: every slice that the kernel takes is a sign of life. */
const ONE_PIECE_BYTES = 64 * 1024;
/**
 * Slices are small until the connection has taken more than the kernel may hold by itself (some 100 KB, which says nothing of the link), and wherever
 * one takes long: 64 KiB would take 20 s at 3 KB/s. Long ones save CPU.
 */
const SLICE_BYTES_MIN = 16 * 1024;
const SLICE_BYTES_MAX = 256 * 1024;
const KERNEL_BYTES = 512 * 1024;
const SLOW_SLICE_MS = 1000;

/** Whether a body is so long that it is sent in slices. */
export function isSliced(body: Buffer | undefined): boolean {
  return body !== undefined && body.length > ONE_PIECE_BYTES;
}

/** Sends one request after the other over one connection. */
export class RequestSender {
  readonly #host: string;
  readonly #onTaken: (bytes: number) => void;
  #isSending = false;
  #sliceBytes = SLICE_BYTES_MIN;
  #sentBytes = 0;
  #buffer = Buffer.alloc(0);

  /** `onTaken` hears of the bytes of bodies that the kernel has taken: of a slice, or of all of a shorter body. Nothing is heard of a socket that is destroyed. */
  constructor(host: string, onTaken: (bytes: number) => void) {
    this.#host = host;
    this.#onTaken = onTaken;
  }

  /** Whether the kernel has not taken all of the body yet. */
  get isSending(): boolean {
    return this.#isSending;
  }

  /** The request before has been sent, or its socket is destroyed. Throws INTERNAL where a header is none. */
  send(socket: Socket, { method, path, headers, body }: HttpRequest): void {
    const head = requestHead(method, path, this.#host, headers, body?.length);
    if (body === undefined) {
      socket.write(head, 'latin1');
      return;
    }
    this.#isSending = true;
    if (isSliced(body)) {
      socket.write(head, 'latin1');
      this.#sendSlice(socket, body, 0);
    } else
      socket.write(this.#message(head, body), (error) => {
        if (error || socket.destroyed) return;
        this.#isSending = false;
        this.#onTaken(body.length);
      });
  }

  /** Head and body in one piece, in memory that the connection's next request uses again: this one is sent by then, or the connection is closed. */
  #message(head: string, body: Buffer): Buffer {
    const length = head.length + body.length;
    if (this.#buffer.length < length) this.#buffer = Buffer.allocUnsafeSlow(length + (length >> 1));
    this.#buffer.write(head, 'latin1');
    body.copy(this.#buffer, head.length);
    return this.#buffer.subarray(0, length);
  }

  #sendSlice(socket: Socket, body: Buffer, at: number): void {
    const end = Math.min(body.length, at + this.#sliceBytes);
    const sinceMs = performance.now();
    socket.write(body.subarray(at, end), (error) => {
      if (error || socket.destroyed) return;
      this.#adjustSlices(end - at, performance.now() - sinceMs);
      this.#isSending = end < body.length;
      this.#onTaken(end - at);
      if (this.#isSending) this.#sendSlice(socket, body, end);
    });
  }

  #adjustSlices(bytes: number, tookMs: number): void {
    this.#sentBytes += bytes;
    if (tookMs > SLOW_SLICE_MS) this.#sliceBytes = SLICE_BYTES_MIN;
    else if (this.#sentBytes > KERNEL_BYTES) this.#sliceBytes = Math.min(SLICE_BYTES_MAX, this.#sliceBytes * 2);
  }
}
