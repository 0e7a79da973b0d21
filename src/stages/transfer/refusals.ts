import type { DynaferryError } from '../../model/errors.ts';
import { SSE_C_OBJECT } from '../../s3/errors.ts';

/** When so many objects are refused for one reason before the first one is copied, all will be. */
const REFUSALS_MAX = 50;

/**
 * What S3 refuses of one object, for its key, its size or what belongs to it, and not of another (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html;
 * the last two are Google's and MinIO's), and what is no answer of S3's: a proxy may take no large bodies.
 */
const ofOneObject = new Set([
  'EntityTooLarge',
  'EntityTooSmall',
  'InvalidPart',
  'InvalidPartOrder',
  'InvalidRange',
  'InvalidTag',
  'InvalidURI',
  'KeyTooLongError',
  'MaxMessageLengthExceeded',
  'MetadataTooLarge',
  'MethodNotAllowed',
  'NoSuchUpload',
  'NoSuchVersion',
  'PreconditionFailed',
  'RequestHeaderSectionTooLarge',
  'UnreadableAnswer',
  SSE_C_OBJECT,
  'InvalidObjectName',
  'XMinioInvalidObjectName',
]);

/** Finds out whether a setting or a permission is refused, which would be refused of every object after it was read over the link. */
export class Refusals {
  readonly #byReason = new Map<string, number>();
  #copiesSome = false;

  /** An object was not refused. */
  passed(): void {
    this.#copiesSome = true;
    this.#byReason.clear();
  }

  /** Counts an object that failed; true where the others would fail alike. */
  concernsAll(error: DynaferryError): boolean {
    const reason = reasonOf(error);
    if (this.#copiesSome || reason === undefined) return false;
    const refused = (this.#byReason.get(reason) ?? 0) + 1;
    this.#byReason.set(reason, refused);
    return refused >= REFUSALS_MAX;
  }
}

function reasonOf({ code, serviceCode }: DynaferryError): string | undefined {
  if (code === 'ACCESS_DENIED') return code;
  return code === 'REQUEST_REFUSED' && serviceCode !== undefined && !ofOneObject.has(serviceCode)
    ? serviceCode
    : undefined;
}
