import type { DataSet } from '../data-sets.ts';
import type { S3Traffic } from './canned-s3.ts';

/** What the process of the S3 endpoints is to do. */
export type S3EndpointOrder =
  /** The source has exactly the objects of these sets, and the target none. */
  | { kind: 'stock'; sets: DataSet[] }
  /** The target has no objects. */
  | { kind: 'empty-target' }
  | { kind: 'report' };

/** What it answers to each order. */
export interface S3EndpointReport {
  endpoints: { source: string; target: string };
  /** Whole objects at the target. */
  arrived: { objects: number; bytes: number };
  /** Since the last report. */
  traffic: { source: S3Traffic; target: S3Traffic };
  /** Of this process since the last report. */
  cpuSeconds: number;
}
