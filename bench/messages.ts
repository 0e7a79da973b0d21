import type { Traffic } from './endpoints/dynamodb.ts';

/** Where the endpoints are, and what opens them. */
interface Endpoints {
  dynamodb: string;
  s3: string;
}

/** Not secrets: they open nothing but endpoints on this machine's loopback that live as long as the benchmark. */
export const accessKey = { accessKeyId: 'AKIABENCHMARK', secretAccessKey: 'secret-of-the-benchmark' };
export const REGION = 'us-west-2';
export const BUCKET = 'benchmark';

/** What the endpoints' process tells when it is asked. */
export interface EndpointReport {
  endpoints: Endpoints;
  traffic: Traffic;
  /** Of the endpoints' process since it was asked last. */
  cpuSeconds: number;
  /** Mean length of an item as DynamoDB JSON. */
  bytesPerItem: number;
}

/** Names of the programs that are measured; each is a file of bench/work/. */
export type Program = 'dynaferry-export' | 'dynaferry-load' | 'dynaferry-both' | 'loop-export' | 'loop-load';

/** What a measured process is to do. */
export interface Job {
  program: Program;
  endpoints: Endpoints;
  items: number;
  /** A folder that is the process's own. */
  folder: string;
  /** Export: only items with the country China pass. */
  filter: boolean;
  /** Dynaferry's export: the filter goes along with the Scan. */
  pushDown: boolean;
  /** Dynaferry's export: the attribute rules of the well-known sample. */
  rules: boolean;
  /** Of dynaferry's objects. */
  compression: 'zstd' | 'gzip';
  /** The loop's gzip; zlib's default where absent. */
  gzipLevel?: number;
  /** The loop gives each line to the compressor by itself. */
  writesPerItem?: boolean;
  /** The loop loads the objects of dynaferry's export: DynamoDB JSON, as DynamoDB's own exports hold it. */
  dynamoDbJson?: boolean;
}

/** What a measured process did. */
export interface Measured {
  /** CPU of all threads of the process, user and system, from the first call to the end of the last. Loading of modules is not in it. */
  cpuSeconds: number;
  seconds: number;
  /** Resident memory before the first call, and the most that it ever was. */
  rssStartBytes: number;
  rssPeakBytes: number;
  /** Items read and passed on, or loaded. */
  items: number;
}
