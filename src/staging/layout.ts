import { randomBytes } from 'node:crypto';

/**
 * Where things lie below a migration's staging prefix. The data and manifests are laid out as DynamoDB's own export to S3 does it
 * (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.Output.html), so that other loaders take them; what is
 * only ours lies under `dynaferry/`, and nothing but data objects under `data/`. Described in docs/formats/staging.md.
 */
export class ExportLayout {
  /** The export's folder; ends in `/`. */
  readonly root: string;

  /** `root` is the export's folder: `…/AWSDynamoDB/<id>/`, or wherever it was moved to. */
  constructor(root: string) {
    if (!root.endsWith('/')) throw new RangeError('the folder of an export ends in /');
    this.root = root;
  }

  /** The export with this id below a migration's prefix, which ends in `/` or is empty. */
  static of(prefix: string, exportId: string): ExportLayout {
    return new ExportLayout(`${exportsPrefix(prefix)}${exportId}/`);
  }

  get exportId(): string {
    return this.root.slice(this.root.lastIndexOf('/', this.root.length - 2) + 1, -1);
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
    return `${this.commits}${padded(seq)}.json`;
  }
  /** What the key of the data object of a commit begins with. */
  dataOf(seq: number): string {
    return this.data(`${padded(seq)}-`);
  }
  data(name: string): string {
    return `${this.root}data/${name}`;
  }
  /** What verification of one site leaves for the other; docs/verify.md. */
  verification(object: 'digests' | 'buckets' | 'pairs'): string {
    return `${this.root}dynaferry/verify/${object}.gz`;
  }
  /** The content's SHA-256 is part of the name: nothing that was set aside is ever overwritten by something else. */
  deadLetters(stage: DeadLetterStage, seq: number, sha256: string): string {
    return `${this.deadLettersOf(stage, seq)}${sha256.slice(0, 16)}.json.gz`;
  }
  /** What the keys of all dead letters of one commit begin with. */
  deadLettersOf(stage: DeadLetterStage, seq: number): string {
    return `${this.root}dynaferry/dead-letters/${stage}-${padded(seq)}-`;
  }
}

function padded(seq: number): string {
  return String(seq).padStart(10, '0');
}

/** The stages that set something aside. */
type DeadLetterStage = 'export' | 'load' | 'capture';

/** The prefix of all exports below a migration's prefix. */
export function exportsPrefix(prefix: string): string {
  return `${prefix}AWSDynamoDB/`;
}

/** A new export's id, of the form that DynamoDB gives its own: milliseconds, then randomness; later ids sort behind earlier ones. */
export function newExportId(nowMs: number): string {
  return `0${nowMs}-${randomBytes(4).toString('hex')}`;
}
