import type { CannedObject } from './content.ts';

/** A part that arrived as it should be. */
export interface CannedPart {
  sizeBytes: number;
  md5: Buffer;
}

export interface CannedUpload {
  id: string;
  key: string;
  headers: Readonly<Record<string, string>>;
  parts: Map<number, CannedPart>;
}

/** What one endpoint holds: descriptions of objects, no bytes. */
export class CannedBucket {
  readonly objects = new Map<string, CannedObject>();
  readonly uploads = new Map<string, CannedUpload>();
  #sorted: string[] | undefined;
  #lastId = 0;

  put(object: CannedObject): void {
    if (!this.objects.has(object.key)) this.#sorted = undefined;
    this.objects.set(object.key, object);
  }

  delete(key: string): void {
    if (this.objects.delete(key)) this.#sorted = undefined;
  }

  empty(): void {
    this.objects.clear();
    this.uploads.clear();
    this.#sorted = undefined;
  }

  /** Keys of the benchmark are ASCII, so this is S3's order. */
  keys(): readonly string[] {
    return (this.#sorted ??= [...this.objects.keys()].sort());
  }

  open(key: string, headers: CannedUpload['headers']): CannedUpload {
    const upload = { id: `upload-${++this.#lastId}`, key, headers, parts: new Map<number, CannedPart>() };
    this.uploads.set(upload.id, upload);
    return upload;
  }
}
