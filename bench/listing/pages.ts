import { createHash } from 'node:crypto';
import { differenceOf, PAGE_KEYS, restOf, type Area } from './keys.ts';

type Side = 'source' | 'target';

/** An answer of which only the digits of the thousands change, which are written over for each page. */
interface Template {
  bytes: Buffer;
  /** Where the two times three digits of each object stand, and by how much its thousands are ahead of the page's. */
  places: Int32Array;
  carries: Uint8Array;
}

const etags = Array.from({ length: PAGE_KEYS }, (_, i) => createHash('md5').update(String(i)).digest('hex'));

/** Makes the pages of one side of an area. */
export class PageMaker {
  readonly #prefix: string;
  readonly #side: Side;
  readonly #count: number;
  /** By what a full page's number of the first object is beyond thousands. */
  readonly #offset: number;
  readonly #template: Template;

  constructor(area: Area, side: Side, count: number, offset: number) {
    this.#prefix = area[side];
    this.#side = side;
    this.#count = count;
    this.#offset = offset;
    this.#template = this.#makeTemplate();
  }

  /** The page that begins with object `from`, as it goes over the wire without the head. Valid until the next call. */
  page(from: number, keysMax: number): Buffer {
    const isWhole = from % PAGE_KEYS === this.#offset && from + PAGE_KEYS < this.#count && keysMax === PAGE_KEYS;
    // Others end where whole ones begin.
    const nextWhole = from + PAGE_KEYS - ((from - this.#offset + PAGE_KEYS) % PAGE_KEYS);
    const end = Math.min(this.#count, nextWhole, from + keysMax);
    if (!isWhole || this.#hasDifference(from, end)) return Buffer.from(this.#write(from, end));
    return this.#stamp(from);
  }

  #hasDifference(from: number, end: number): boolean {
    for (let n = from; n < end; n++) if (differenceOf(n) !== undefined) return true;
    return false;
  }

  #write(from: number, end: number): string {
    let contents = '';
    for (let n = from; n < end; n++) {
      const difference = differenceOf(n);
      if (difference === (this.#side === 'source' ? 'target-only' : 'source-only')) continue;
      contents += object(this.#prefix + restOf(n), n, difference === 'other' && this.#side === 'target');
    }
    return `${head(end < this.#count ? String(end).padStart(9, '0') : undefined)}${contents}</ListBucketResult>`;
  }

  #makeTemplate(): Template {
    const from = this.#offset;
    // Nothing else in the page is like these digits.
    const marked = Array.from({ length: PAGE_KEYS }, (_, i) => {
      const rest = restOf(from + i);
      return object(this.#prefix + rest.replace(/^\d{3}\/\d{3}/, 'XXX/XXX'), from + i, false);
    });
    const bytes = Buffer.from(`${head('XXXXXXXXX')}${marked.join('')}</ListBucketResult>`);
    const places = new Int32Array(PAGE_KEYS);
    let at = bytes.indexOf('<Contents>');
    for (let i = 0; i < PAGE_KEYS; i++) at = (places[i] = bytes.indexOf('XXX/XXX', at)) + 7;
    return { bytes, places, carries: Uint8Array.from(marked, (_, i) => (from + i >= PAGE_KEYS ? 1 : 0)) };
  }

  #stamp(from: number): Buffer {
    const { bytes, places, carries } = this.#template;
    const thousands = Math.floor(from / PAGE_KEYS);
    const digits = [thousands, thousands + 1].map((value) => Buffer.from(String(value).padStart(6, '0')));
    for (let i = 0; i < places.length; i++) {
      const at = places[i];
      const written = digits[carries[i]];
      for (let d = 0; d < 3; d++) {
        bytes[at + d] = written[d];
        bytes[at + 4 + d] = written[3 + d];
      }
    }
    bytes.write(String(from + PAGE_KEYS).padStart(9, '0'), bytes.indexOf('<NextContinuationToken>') + 23);
    return bytes;
  }
}

function head(token: string | undefined): string {
  const next = token === undefined ? '' : `<NextContinuationToken>${token}</NextContinuationToken>`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>benchmark</Name><EncodingType>url</EncodingType><MaxKeys>1000</MaxKeys><IsTruncated>${token !== undefined}</IsTruncated>${next}`;
}

/** As Amazon S3 writes it today. */
function object(key: string, n: number, isOther: boolean): string {
  const etag = isOther ? 'ffffffffffffffffffffffffffffffff' : etags[n % PAGE_KEYS];
  const encoded = encodeURIComponent(key).replaceAll('%2F', '/');
  const second = String(n % 60).padStart(2, '0');
  return `<Contents><Key>${encoded}</Key><LastModified>2026-01-02T03:04:${second}.000Z</LastModified><ETag>&quot;${etag}&quot;</ETag><ChecksumAlgorithm>CRC64NVME</ChecksumAlgorithm><ChecksumType>FULL_OBJECT</ChecksumType><Size>${10_000 + (n % PAGE_KEYS)}</Size><StorageClass>STANDARD</StorageClass></Contents>`;
}
