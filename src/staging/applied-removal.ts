import { DynaferryError } from '../model/errors.ts';
import type { S3Bucket } from '../s3/bucket.ts';
import { deleteObjects } from '../s3/delete-objects.ts';
import { STATE_EVERY } from './change-log.ts';
import type { ExportLayout } from './layout.ts';
import { readRemovedThrough, writeRemovedThrough } from './removed-mark.ts';

/**
 * Removes what is applied of one change log at one site: change objects and their commits, so that neither they nor the listing of commits grow for as long as the
 * log goes on. It works beside the stage that has it.
 */
export class AppliedRemoval {
  readonly #bucket: S3Bucket;
  readonly #layout: ExportLayout;
  readonly #signal: AbortSignal;
  #through: number;
  #running: Promise<void> | undefined;
  #failure: { error: unknown } | undefined;

  private constructor(bucket: S3Bucket, layout: ExportLayout, through: number, signal: AbortSignal) {
    this.#bucket = bucket;
    this.#layout = layout;
    this.#through = through;
    this.#signal = signal;
  }

  static async open(bucket: S3Bucket, layout: ExportLayout, signal: AbortSignal): Promise<AppliedRemoval> {
    return new AppliedRemoval(bucket, layout, await readRemovedThrough(bucket, layout, signal), signal);
  }

  /** Says up to which commit the log is applied, as the mark at the target tells it. Throws what an earlier removal failed with. */
  applied(seq: number): void {
    if (this.#failure !== undefined) throw this.#failure.error;
    const through = removableThrough(seq);
    if (through <= this.#through || this.#running !== undefined) return;
    this.#running = removeThrough(this.#bucket, this.#layout, through, this.#signal)
      .then(() => {
        this.#through = through;
      })
      .catch((error: unknown) => {
        this.#failure = { error };
      })
      .finally(() => {
        this.#running = undefined;
      });
  }

  /** Resolves when nothing is being removed. Throws what a removal failed with. */
  async idle(): Promise<void> {
    await this.#running;
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}

/**
 * The last commit that nobody needs any more. Behind what is applied there stay as many as there are between two that hold the state of the capture, and up to twice as
 * many, so that there is always one of these, from which another machine takes over.
 */
function removableThrough(appliedSeq: number): number {
  return Math.max(0, (Math.floor(appliedSeq / STATE_EVERY) - 1) * STATE_EVERY - 1);
}

async function removeThrough(
  bucket: S3Bucket,
  layout: ExportLayout,
  through: number,
  signal: AbortSignal,
): Promise<void> {
  await writeRemovedThrough(bucket, layout, through, signal);
  // Their names begin with the number of the commit. What an interrupted removal has left is the first to be listed.
  await removeBefore(bucket, layout.data(''), layout.dataOf(through + 1), signal);
  await removeBefore(bucket, layout.commits, layout.commit(through + 1), signal);
}

async function removeBefore(bucket: S3Bucket, prefix: string, end: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    const { objects } = await bucket.listPage(prefix, { signal });
    const keys = objects.map(({ key }) => key).filter((key) => key < end);
    const [kept] = await deleteObjects(bucket, keys, signal);
    if (kept !== undefined)
      throw new DynaferryError(
        kept.code === 'AccessDenied' ? 'ACCESS_DENIED' : 'REQUEST_REFUSED',
        `${bucket.site.role}: ${bucket.uri(kept.key)} could not be removed (DeleteObject: ${kept.code})`,
        { fix: 'Allow s3:DeleteObject on the staging, or write replicate: { applied: keep } in migration.yaml.' },
      );
    if (keys.length === 0 || keys.length < objects.length) return;
  }
}
