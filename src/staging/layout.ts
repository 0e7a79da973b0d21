import { randomBytes } from 'node:crypto';

/**
 * Where things lie below a migration's staging prefix. The data and manifests are laid out as DynamoDB's own export to S3 does it
 * (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.Output.html), so that other loaders take them; what is
 * only ours lies under `dynaferry/`, and nothing but data objects under `data/`. Described in docs/formats/staging.md.
 */
export class ExportLayout {
  /** Ends in `/`. */
  readonly root: string;
  readonly exportId: string;

  /** `prefix` is the migration's own, ending in `/` or empty. */
  constructor(prefix: string, exportId: string) {
    this.root = `${exportsPrefix(prefix)}${exportId}/`;
    this.exportId = exportId;
  }

  get manifestSummary(): string {
    return `${this.root}manifest-summary.json`;
  }
  get manifestSummaryMd5(): string {
    return `${this.root}manifest-summary.md5`;
  }
  get manifestFiles(): string {
    return `${this.root}manifest-files.json`;
  }
  get manifestFilesMd5(): string {
    return `${this.root}manifest-files.md5`;
  }
  /** What the export is of and under which policy; written before all else. */
  get header(): string {
    return `${this.root}dynaferry/export.json`;
  }
  /** The sealing key of the checkpoints; exists at the source only. */
  get sealKey(): string {
    return `${this.root}dynaferry/seal.key`;
  }
  get commits(): string {
    return `${this.root}dynaferry/commits/`;
  }
  /** Zero-padded, so that a listing is in the order of the numbers. */
  commit(seq: number): string {
    return `${this.commits}${String(seq).padStart(10, '0')}.json`;
  }
  data(name: string): string {
    return `${this.root}data/${name}`;
  }
  deadLetters(stage: 'export' | 'load', seq: number): string {
    return `${this.root}dynaferry/dead-letters/${stage}-${String(seq).padStart(10, '0')}.json.gz`;
  }
}

/** The prefix of all exports below a migration's prefix. */
export function exportsPrefix(prefix: string): string {
  return `${prefix}AWSDynamoDB/`;
}

/** A new export's id, of the form that DynamoDB gives its own: milliseconds, then randomness; later ids sort behind earlier ones. */
export function newExportId(nowMs: number): string {
  return `0${nowMs}-${randomBytes(4).toString('hex')}`;
}
