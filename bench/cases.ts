import type { Job } from './messages.ts';

/** One line of the result: what is done, how, and what it is compared with. */
export interface Case {
  stage: 'export' | 'load';
  name: string;
  job: Omit<Job, 'endpoints' | 'items' | 'folder'>;
  /** The name of the loop that does the same; absent for the loops themselves. */
  beside?: string;
  /** A load's: what stages the objects before it. */
  staged?: Omit<Job, 'endpoints' | 'items' | 'folder'>;
}

/**
 * How many times larger tables are for dynaferry than for the loops: it is done so soon that starting up and compiling its code would be a good
 * part of what is measured.
 */
const DYNAFERRY_SCALE = 2;

/** Items of the case's table, for tables of `items` for the loops. */
export function itemsOfCase(one: Case, items: number): number {
  return one.job.program.startsWith('dynaferry') ? items * DYNAFERRY_SCALE : items;
}

const plain = { filter: false, pushDown: false, rules: false, compression: 'zstd' } as const;

const ALL = 'loop: all, gzip -6';
const ALL_FAST = 'loop: all, gzip -1';
const FILTERED = 'loop: 20 % pass, gzip -6';
const LOAD = 'loop: BatchWriteCommand, of plain JSON';
const LOAD_NATIVE = 'loop: BatchWriteCommand, of DynamoDB JSON, zstd';
const LOAD_NATIVE_GZIP = 'loop: BatchWriteCommand, of DynamoDB JSON, gzip';

export const exportCases: Case[] = [
  { stage: 'export', name: ALL, job: { ...plain, program: 'loop-export' } },
  {
    stage: 'export',
    name: 'loop: all, gzip -6, item by item',
    job: { ...plain, program: 'loop-export', writesPerItem: true },
  },
  { stage: 'export', name: ALL_FAST, job: { ...plain, program: 'loop-export', gzipLevel: 1 } },
  { stage: 'export', name: FILTERED, job: { ...plain, program: 'loop-export', filter: true } },
  { stage: 'export', name: 'dynaferry: all', job: { ...plain, program: 'dynaferry-export' }, beside: ALL },
  {
    stage: 'export',
    name: 'dynaferry: all, gzip',
    job: { ...plain, program: 'dynaferry-export', compression: 'gzip' },
    beside: ALL,
  },
  {
    stage: 'export',
    name: 'dynaferry: all, 4 rules',
    job: { ...plain, program: 'dynaferry-export', rules: true },
    beside: ALL,
  },
  {
    stage: 'export',
    name: 'dynaferry: 20 % pass',
    job: { ...plain, program: 'dynaferry-export', filter: true },
    beside: FILTERED,
  },
  {
    stage: 'export',
    name: 'dynaferry: 20 % pass, push-down',
    job: { ...plain, program: 'dynaferry-export', filter: true, pushDown: true },
    beside: FILTERED,
  },
];

/** Each loads what an export of its own kind has staged. */
export const loadCases: Case[] = [
  {
    stage: 'load',
    name: LOAD,
    job: { ...plain, program: 'loop-load' },
    staged: { ...plain, program: 'loop-export' },
  },
  {
    stage: 'load',
    name: LOAD_NATIVE,
    job: { ...plain, program: 'loop-load', dynamoDbJson: true },
    staged: { ...plain, program: 'dynaferry-export' },
  },
  {
    stage: 'load',
    name: LOAD_NATIVE_GZIP,
    job: { ...plain, program: 'loop-load', dynamoDbJson: true },
    staged: { ...plain, program: 'dynaferry-export', compression: 'gzip' },
  },
  {
    stage: 'load',
    name: 'dynaferry: load',
    job: { ...plain, program: 'dynaferry-load' },
    staged: { ...plain, program: 'dynaferry-export' },
    beside: LOAD_NATIVE,
  },
  {
    stage: 'load',
    name: 'dynaferry: load, gzip',
    job: { ...plain, program: 'dynaferry-load', compression: 'gzip' },
    staged: { ...plain, program: 'dynaferry-export', compression: 'gzip' },
    beside: LOAD_NATIVE_GZIP,
  },
];

/** Export and load in one process. */
export const memoryJob: Case['job'] = { ...plain, program: 'dynaferry-both' };
