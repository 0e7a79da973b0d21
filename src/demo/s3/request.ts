import type { IncomingHttpHeaders } from 'node:http';
import { S3Error } from './errors.ts';

/** A request that has been received whole and whose signature is right. */
export interface S3Request {
  readonly method: string;
  /** Empty for the service itself. */
  readonly bucket: string;
  /** Empty for the bucket itself. */
  readonly key: string;
  readonly query: ReadonlyMap<string, string>;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** MD5 of the body. */
  readonly md5: Buffer;
}

/** What is sent back. */
export interface S3Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: readonly Buffer[];
}

/** Where a path-style URL points. Throws InvalidURI for broken percent-encoding. */
export function parseTarget(url: string): Pick<S3Request, 'bucket' | 'key' | 'query'> {
  const mark = url.indexOf('?');
  const path = mark < 0 ? url : url.slice(0, mark);
  const slash = path.indexOf('/', 1);
  return {
    bucket: decode(slash < 0 ? path.slice(1) : path.slice(1, slash)),
    // Not by the URL class, which would take `a/../b` for `b`: to S3 both are keys.
    key: slash < 0 ? '' : decode(path.slice(slash + 1)),
    query: mark < 0 ? new Map() : parseQuery(url.slice(mark + 1)),
  };
}

function parseQuery(text: string): Map<string, string> {
  const query = new Map<string, string>();
  for (const pair of text.split('&')) {
    const equals = pair.indexOf('=');
    const name = equals < 0 ? pair : pair.slice(0, equals);
    if (name !== '') query.set(decode(name), equals < 0 ? '' : decode(pair.slice(equals + 1).replaceAll('+', ' ')));
  }
  return query;
}

/** Throws InvalidURI. */
export function decode(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    throw new S3Error('InvalidURI', 'The specified URI could not be parsed.');
  }
}

/** A header's value; undefined where it is absent. */
export function headerOf(request: Pick<S3Request, 'headers'>, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}

/** A query parameter that is a whole number from 0 on. Throws InvalidArgument. */
export function numberOf(request: S3Request, name: string, absent: number): number {
  const text = request.query.get(name);
  if (text === undefined || text === '') return absent;
  if (!/^\d{1,9}$/.test(text))
    throw new S3Error('InvalidArgument', `Provided ${name} not an integer or within integer range`, {
      ArgumentName: name,
      ArgumentValue: text,
    });
  return Number(text);
}

export function xmlAnswer(xml: string): S3Answer {
  return { status: 200, headers: { 'content-type': 'application/xml' }, body: [Buffer.from(xml)] };
}

/** `2026-01-31T23:59:59.000Z`: S3's times end at whole seconds. */
export function isoTime(timeMs: number): string {
  return new Date(Math.floor(timeMs / 1000) * 1000).toISOString();
}
