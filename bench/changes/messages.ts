/** What copies changes from one table to the other. */
export type Program = 'dynaferry' | 'loop-batch' | 'loop-put';

/** Where a site's services are. */
export interface SiteEndpoints {
  dynamodb: string;
  s3: string;
  bucket: string;
}

/** What a measured process is to do: apply what changes at the source to the target, until it is told to stop. */
export interface ChangesJob {
  program: Program;
  source: SiteEndpoints;
  target: SiteEndpoints;
  /** Of the same name at both. */
  table: string;
  /** It tells when it has applied so many; never where absent. */
  changes?: number;
  /** A folder that is the process's own. */
  folder: string;
}

/** What it says: when it begins, when it has applied as many as it was asked for, and last of all what it took. */
export type ChangesMessage =
  { type: 'began' } | { type: 'applied' } | { type: 'ended'; cpuSeconds: number; rssPeakBytes: number };
