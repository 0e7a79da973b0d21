import { DynaferryError } from '../../model/errors.ts';
import type { ItemView } from '../../model/item.ts';
import { MalformedJson, skipSpace } from '../../model/json-bytes.ts';
import type { S3Bucket } from '../../s3/bucket.ts';
import type { ExportLayout } from '../../staging/layout.ts';
import { dataKey, readManifest, type ManifestFile, type ManifestSummary } from '../../staging/manifest.ts';
import { readItemLine, readObjectLines } from '../../staging/object-lines.ts';
import type { ItemSource, PageAccount, SourcePage } from './item-source.ts';

/**
 * A full export in S3, made by DynamoDB (ExportTableToPointInTime, DYNAMODB_JSON) or by us, read instead of the table; costs no read capacity. Its files are the
 * segments, and a checkpoint is how many lines of a file are done.
 */
export class NativeSource implements ItemSource {
  readonly segments: number;
  readonly itemsEstimate: number;
  /** The moment whose state of the table it is, in milliseconds since 1970; undefined where it does not say. */
  readonly asOfMs: number | undefined;
  readonly #bucket: S3Bucket;
  readonly #layout: ExportLayout;
  readonly #files: readonly ManifestFile[];

  private constructor(
    bucket: S3Bucket,
    layout: ExportLayout,
    summary: ManifestSummary,
    files: readonly ManifestFile[],
  ) {
    this.#bucket = bucket;
    this.#layout = layout;
    this.#files = files;
    this.segments = Math.max(1, files.length);
    this.itemsEstimate = summary.itemCount;
    const asOfMs = Date.parse(summary.exportTime ?? '');
    this.asOfMs = Number.isNaN(asOfMs) ? undefined : asOfMs;
  }

  /** Throws EXPORT_NOT_FOUND where there is no manifest, MANIFEST_INVALID where it is of something else than a full export. */
  static async open(bucket: S3Bucket, layout: ExportLayout, signal: AbortSignal): Promise<NativeSource> {
    const manifest = await readManifest(bucket, layout, signal);
    if (manifest === undefined)
      throw new DynaferryError(
        'EXPORT_NOT_FOUND',
        `there is no export at ${bucket.uri(layout.root)}: manifest-summary.json is missing`,
      );
    const { summary, files } = manifest;
    return new NativeSource(bucket, layout, summary, files);
  }

  async *pages(segment: number, from: Buffer | undefined, signal: AbortSignal): AsyncGenerator<SourcePage> {
    const file = this.#files[segment];
    if (file === undefined || file.itemCount === 0) {
      yield { forEach: () => ({ read: 0, seen: 0, bytes: 0, checkpoint: undefined }) };
      return;
    }
    const skip = from === undefined ? 0 : Number(from.toString('latin1'));
    const key = dataKey(this.#layout, file);
    let line = 0;
    // The end of the file is known only behind its last block, so that block is held back by one.
    let held: { block: Buffer; firstLine: number } | undefined;
    const expected = { key, md5Base64: file.md5Checksum, ...(file.dynaferry && { sha256: file.dynaferry.sha256 }) };
    for await (const block of readObjectLines(this.#bucket, expected, signal)) {
      if (held !== undefined) yield this.#page(held.block, key, Math.max(0, skip - held.firstLine), line);
      held = { block, firstLine: line };
      line += countLines(block);
    }
    if (line !== file.itemCount)
      throw new DynaferryError(
        'DATA_DAMAGED',
        `${this.#bucket.uri(key)} holds ${line} items, its manifest says ${file.itemCount}`,
      );
    if (held !== undefined) yield this.#page(held.block, key, Math.max(0, skip - held.firstLine), undefined);
  }

  #page(block: Buffer, key: string, skipLines: number, nextLine: number | undefined): SourcePage {
    return {
      forEach: (view, onItem) => {
        try {
          return readBlock(block, view, onItem, skipLines, nextLine);
        } catch (error) {
          if (!(error instanceof MalformedJson)) throw error;
          throw new DynaferryError('DATA_DAMAGED', `${this.#bucket.uri(key)} holds a line that is not DynamoDB JSON`);
        }
      },
    };
  }
}

function readBlock(
  block: Buffer,
  view: ItemView,
  onItem: (item: ItemView) => void,
  skipLines: number,
  nextLine: number | undefined,
): PageAccount {
  let seen = 0;
  let line = 0;
  for (let at = 0; at < block.length;) {
    const end = block.indexOf(0x0a, at);
    if (skipSpace(block, at) < end && ++line > skipLines) {
      readItemLine(block, at, end, view);
      onItem(view);
      seen++;
    }
    at = end + 1;
  }
  return {
    read: seen,
    seen,
    bytes: block.length,
    checkpoint: nextLine === undefined ? undefined : Buffer.from(String(nextLine)),
  };
}

function countLines(block: Buffer): number {
  let lines = 0;
  for (let at = 0; at < block.length;) {
    const end = block.indexOf(0x0a, at);
    if (skipSpace(block, at) < end) lines++;
    at = end + 1;
  }
  return lines;
}
