import { availableParallelism, cpus, totalmem } from 'node:os';
import type { CopyResult } from './copy/bench-copy.ts';
import type { Measured } from './messages.ts';

/** What was measured of one case, over all repetitions. */
export interface CaseResult {
  stage: 'export' | 'load';
  name: string;
  items: number;
  /** Of DynamoDB JSON, uncompressed. */
  bytes: number;
  cpuSecondsPerGb: Spread;
  seconds: Spread;
  rssPeakBytes: Spread;
  /** Share of the wall time that the endpoints' process was busy; near 1 it would be what was measured. */
  endpointBusy: Spread;
  /** How many times less CPU than the loop that does the same. */
  timesLess?: { than: string; factor: number };
}

export interface MemoryResult {
  items: number;
  bytes: number;
  rssStartBytes: number;
  rssPeakBytes: number;
  seconds: number;
}

export interface Spread {
  median: number;
  min: number;
  max: number;
}

export interface BenchResult {
  date: string;
  machine: { node: string; cores: number; cpu: string; memoryBytes: number; platform: string };
  repetitions: number;
  cases: CaseResult[];
  memory: MemoryResult[];
  copies: CopyResult[];
}

export const GB = 1e9;

/** One repetition of one case. */
export interface Sample {
  measured: Measured;
  endpointCpuSeconds: number;
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { median, min: sorted[0], max: sorted[sorted.length - 1] };
}

export function summarise(
  { stage, name }: Pick<CaseResult, 'stage' | 'name'>,
  items: number,
  bytes: number,
  samples: readonly Sample[],
): CaseResult {
  const over = (of: (sample: Sample) => number): Spread => spreadOf(samples.map(of));
  return {
    stage,
    name,
    items,
    bytes,
    cpuSecondsPerGb: over(({ measured }) => (measured.cpuSeconds / bytes) * GB),
    seconds: over(({ measured }) => measured.seconds),
    rssPeakBytes: over(({ measured }) => measured.rssPeakBytes),
    endpointBusy: over(({ measured, endpointCpuSeconds }) => endpointCpuSeconds / measured.seconds),
  };
}

export function machine(): BenchResult['machine'] {
  return {
    node: process.version,
    cores: availableParallelism(),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    memoryBytes: totalmem(),
    platform: `${process.platform} ${process.arch}`,
  };
}
