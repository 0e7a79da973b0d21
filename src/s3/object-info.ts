import { header, type HttpResponse } from '../aws/http-client.ts';

/** What a HEAD or GET says of an object. */
export interface ObjectInfo {
  sizeBytes: number;
  /** With its quotes, as the service gives it. */
  etag: string;
  /** User metadata, names lower-case without `x-amz-meta-`. */
  metadata: Record<string, string>;
}

/** What a HEAD or GET says of an object, with all else that it says. */
export interface ObjectDetails extends ObjectInfo {
  /** All headers of the answer, names lower-case. */
  headers: Readonly<Record<string, string | undefined>>;
}

/** One entry of a listing. */
export interface ListedObject {
  key: string;
  sizeBytes: number;
  /** With quotes, also where the service gives none. */
  etag: string;
  /** Milliseconds since 1970. */
  lastModifiedMs: number;
  /** STANDARD where the service names none. */
  storageClass: string;
}

export interface ListPageOptions {
  /** Keys come after this one. With a token it is the last key of the page before. */
  startAfter?: string;
  /** Of the page before. */
  token?: string;
  /** 1000, which is also the most, where absent. */
  maxKeys?: number;
  signal?: AbortSignal;
}

/** In place of a body's SHA-256: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html */
export const UNSIGNED_PAYLOAD = 'UNSIGNED-PAYLOAD';

export interface PutOptions {
  /** Headers as S3 takes them, lower-case; they come before what the other options say. */
  headers?: Record<string, string>;
  metadata?: Record<string, string>;
  contentType?: string;
  /**
   * Lower-case hex, where it is known already. It is signed, so the service refuses a body that arrived different. UNSIGNED_PAYLOAD where something else makes
   * sure of that.
   */
  sha256?: string;
  /** Fail with serviceCode PreconditionFailed where the key exists. */
  onlyIfAbsent?: boolean;
  /** Fail with serviceCode PreconditionFailed, or OBJECT_NOT_FOUND, where there is no object with this ETag. */
  onlyIfMatch?: string;
  signal?: AbortSignal;
}

/** A multipart upload that was begun. */
export interface CreatedUpload {
  uploadId: string;
  /** Of the answer; they tell the encryption that the bucket's own settings give. */
  headers: Readonly<Record<string, string | undefined>>;
}

/** A part that a multipart upload holds. */
export interface UploadedPart {
  partNumber: number;
  etag: string;
  sizeBytes: number;
}

/** What the headers of a HEAD or GET say. */
export function readInfo(response: HttpResponse): ObjectDetails {
  const metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(response.headers))
    if (name.startsWith('x-amz-meta-') && typeof value === 'string') metadata[name.slice(11)] = value;
  return {
    sizeBytes: Number(header(response, 'content-length') ?? response.body.length),
    etag: header(response, 'etag') ?? '',
    metadata,
    headers: response.headers,
  };
}

/** The headers that an object is written with. */
export function headersOf({ headers, contentType, metadata }: PutOptions): Record<string, string> {
  const all: Record<string, string> = { 'content-type': contentType ?? 'application/octet-stream', ...headers };
  for (const [name, value] of Object.entries(metadata ?? {})) all[`x-amz-meta-${name}`] = value;
  return all;
}
