/** Objects of one kind, all of one size, that lie in the source's bucket below the set's name. */
export interface DataSet {
  name: string;
  objects: number;
  sizeBytes: number;
  /** Its objects were made by multipart uploads with such parts, which their ETags show; by a plain PUT where absent. */
  partSizeBytes?: number;
}

export const MIB = 1024 * 1024;

export const SOURCE_BUCKET = 'source';
export const TARGET_BUCKET = 'target';

export function totalBytes({ objects, sizeBytes }: DataSet): number {
  return objects * sizeBytes;
}

/** Keys sort as their numbers do. */
export function keyOf(set: DataSet, index: number): string {
  return `${set.name}/${String(index).padStart(7, '0')}`;
}
