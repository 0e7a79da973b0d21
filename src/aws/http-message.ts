import { DynaferryError } from '../model/errors.ts';

/** What stands in front of a response's body. */
export interface ResponseHead {
  status: number;
  /** Names lower-case; fields of one name joined by a comma (RFC 9110, section 5.3). */
  headers: Record<string, string>;
  /** How the body's end is found (RFC 9112, section 6.3); 'none' where there is no body. */
  framing: 'none' | 'length' | 'chunked' | 'close';
  /** Announced length of the body; 0 unless framing is 'length'. */
  length: number;
  /** Whether the connection serves further requests. */
  keepAlive: boolean;
}

/** A response that is not HTTP/1.1, or contradicts itself. */
export class MalformedResponse extends Error {
  readonly code = 'MALFORMED_RESPONSE';
}

/** The request line and headers as they go over the wire; `host` is one of them where they do not name it. Throws INTERNAL where a header would end early and begin another one. */
export function requestHead(
  method: string,
  path: string,
  host: string,
  headers: Record<string, string>,
  bodyLength: number | undefined,
): string {
  let head = `${method} ${path} HTTP/1.1\r\n`;
  if (headers['host'] === undefined) head += `host: ${host}\r\n`;
  for (const name in headers) {
    const value = headers[name];
    if (/[\r\n\0]/.test(value))
      throw new DynaferryError('INTERNAL', `the value of the header ${name} has a line break`);
    head += `${name}: ${value}\r\n`;
  }
  // Services want a length of 0 of a PUT or POST without a body.
  if (bodyLength !== undefined || method === 'PUT' || method === 'POST')
    head += `content-length: ${bodyLength ?? 0}\r\n`;
  return `${head}\r\n`;
}

/** Reads status line and headers, without the empty line that ends them. Throws MalformedResponse. */
export function parseHead(text: string, requestMethod: string): ResponseHead {
  const lines = text.split('\r\n');
  const statusLine = /^HTTP\/1\.([01]) (\d{3})(?: |$)/.exec(lines[0]);
  if (statusLine === null) throw new MalformedResponse('not an HTTP response');
  const headers: Record<string, string> = {};
  for (let i = 1; i < lines.length; i++) addHeader(headers, lines[i]);
  const status = Number(statusLine[2]);
  const connection = headers['connection']?.toLowerCase();
  const keepAlive = statusLine[1] === '1' ? connection !== 'close' : connection === 'keep-alive';
  return { status, headers, keepAlive, ...framingOf(status, headers, requestMethod) };
}

/** Without blanks around it (RFC 9110, section 5.5). Values are Latin-1 here, in which half an `à` in UTF-8 is what JavaScript takes for a blank. */
export function trimmed(value: string): string {
  let start = 0;
  let end = value.length;
  while (start < end && isBlank(value.charCodeAt(start))) start++;
  while (end > start && isBlank(value.charCodeAt(end - 1))) end--;
  return value.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

function addHeader(headers: Record<string, string>, line: string): void {
  const colon = line.indexOf(':');
  if (colon < 1) throw new MalformedResponse('a header without a name');
  const name = line.slice(0, colon).toLowerCase();
  const value = trimmed(line.slice(colon + 1));
  const before = headers[name];
  if (before !== undefined && name === 'content-length' && before !== value) throw new MalformedResponse('two lengths');
  headers[name] = before === undefined || before === value ? value : `${before}, ${value}`;
}

function framingOf(
  status: number,
  headers: Record<string, string>,
  requestMethod: string,
): Pick<ResponseHead, 'framing' | 'length'> {
  if (requestMethod === 'HEAD' || status === 204 || status === 304 || status < 200)
    return { framing: 'none', length: 0 };
  if (headers['transfer-encoding'] !== undefined) {
    if (headers['transfer-encoding'].toLowerCase() !== 'chunked')
      throw new MalformedResponse('unknown transfer encoding');
    return { framing: 'chunked', length: 0 };
  }
  const announced = headers['content-length'];
  if (announced === undefined) return { framing: 'close', length: 0 };
  if (!/^\d{1,15}$/.test(announced)) throw new MalformedResponse('a length that is none');
  return announced === '0' ? { framing: 'none', length: 0 } : { framing: 'length', length: Number(announced) };
}
