import type { BufferBudget } from '../../engine/buffer-budget.ts';
import type { ConnectionGate } from '../../engine/connection-gate.ts';
import type { Pacer } from '../../engine/pacer.ts';
import type { S3Bucket } from '../../s3/bucket.ts';

/** The way from one bucket to the other: both ends, and what bounds the traffic between them. */
export interface Link {
  source: S3Bucket;
  target: S3Bucket;
  /** One permit for each request that carries a body. */
  gate: ConnectionGate;
  /** Bodies that are held. */
  memory: BufferBudget;
  bandwidth: Pacer;
  /** Hears of bytes that have arrived at the target. */
  onBytes: (bytes: number) => void;
  /** Hears of what is done again. */
  onRetry: () => void;
  signal: AbortSignal;
}
