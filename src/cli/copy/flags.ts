/** The options of `dynaferry copy` as commander gives them. */
export interface CopyFlags {
  sourceProfile?: string;
  targetProfile?: string;
  sourceRegion?: string;
  targetRegion?: string;
  sourceEndpoint?: string;
  targetEndpoint?: string;
  sourceCredentials?: string;
  targetCredentials?: string;
  anonymousSource?: boolean;
  requestPayer?: boolean;
  include?: string[];
  exclude?: string[];
  newerThan?: string;
  olderThan?: string;
  minSize?: string;
  maxSize?: string;
  compare?: string;
  delete?: boolean;
  storageClass?: string;
  acl?: string;
  sse?: string;
  bandwidth?: string;
  connections?: string;
  partSize?: string;
  dryRun?: boolean;
  verify?: boolean;
  retryFailed?: boolean;
  /** True where no age is given. */
  abortStale?: string | true;
  every?: string;
  cron?: string;
  timeZone?: string;
  watch?: boolean;
}
