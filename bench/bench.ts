import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { provide } from '../scripts/apt-needs.ts';
import { exportCases, itemsOfCase, loadCases, memoryJob, type Case } from './cases.ts';
import { benchCopies } from './copy/bench-copy.ts';
import { copyCases, copyNeeds, nameOf, type CopyScale } from './copy/cases.ts';
import type { Measured } from './messages.ts';
import { EndpointProcess, measure } from './process.ts';
import { machine, summarise, type BenchResult, type CaseResult, type MemoryResult, type Sample } from './results.ts';

export interface BenchOptions {
  items: number;
  repetitions: number;
  /** Tables whose export and load are measured for memory. */
  memoryItems: readonly number[];
  copies: CopyScale;
  /** Only cases whose stage and name have this in them. */
  only?: string;
  /** Hears what is measured now. */
  onProgress: (text: string) => void;
}

type MigrationResult = Pick<BenchResult, 'cases' | 'memory'>;

/** Measures everything, case by case, each repetition in a process of its own. */
export async function bench(options: BenchOptions): Promise<BenchResult> {
  const { repetitions, copies, only = '', onProgress } = options;
  const result = await benchMigrations(options);
  const wanted = copyCases(copies).filter((one) => nameOf(one).includes(only));
  const isPossible = wanted.length > 0 && provide('Copies', copyNeeds);
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: machine(),
    repetitions,
    ...result,
    copies: isPossible ? await benchCopies(wanted, repetitions, onProgress) : [],
  };
}

async function benchMigrations(options: BenchOptions): Promise<MigrationResult> {
  const { only = '', memoryItems } = options;
  const cases = [...exportCases, ...loadCases].filter(({ stage, name }) => `${stage} ${name}`.includes(only));
  if (cases.length === 0 && memoryItems.length === 0) return { cases: [], memory: [] };
  const endpoints = await EndpointProcess.start();
  try {
    return await new Bench(endpoints, options).run(cases);
  } finally {
    endpoints.stop();
  }
}

class Bench {
  readonly #endpoints: EndpointProcess;
  readonly #options: BenchOptions;

  constructor(endpoints: EndpointProcess, options: BenchOptions) {
    this.#endpoints = endpoints;
    this.#options = options;
  }

  async run(wanted: readonly Case[]): Promise<MigrationResult> {
    const { repetitions, memoryItems } = this.#options;
    const samples = new Map<Case, Sample[]>();
    // Repetitions go round all cases, so that what else the machine does hits them alike.
    for (let repetition = 1; repetition <= repetitions; repetition++)
      for (const one of wanted) {
        this.#options.onProgress(`${repetition}/${repetitions} ${one.stage} ${one.name}`);
        samples.set(one, [...(samples.get(one) ?? []), await this.#sample(one)]);
      }
    const { bytesPerItem } = await this.#endpoints.report();
    const cases = [...samples].map(([one, taken]) => {
      const items = itemsOfCase(one, this.#options.items);
      return summarise(one, items, items * bytesPerItem, taken);
    });
    compare(cases);
    const memory: MemoryResult[] = [];
    for (const tableItems of memoryItems) {
      this.#options.onProgress(`memory ${tableItems} items`);
      await this.#endpoints.empty();
      const { rssStartBytes, rssPeakBytes, seconds } = await this.#do(memoryJob, tableItems);
      memory.push({ items: tableItems, bytes: tableItems * bytesPerItem, rssStartBytes, rssPeakBytes, seconds });
    }
    return { cases, memory };
  }

  async #sample(one: Case): Promise<Sample> {
    const items = itemsOfCase(one, this.#options.items);
    await this.#endpoints.empty();
    if (one.staged !== undefined) await this.#do(one.staged, items);
    await this.#endpoints.report();
    const measured = await this.#do(one.job, items);
    const { cpuSeconds, traffic } = await this.#endpoints.report();
    const reached = one.stage === 'export' ? traffic.scannedItems : traffic.writtenItems;
    if (measured.items !== items || reached !== items)
      throw new Error(`${one.name}: ${items} items expected, ${measured.items} claimed, ${reached} seen`);
    return { measured, endpointCpuSeconds: cpuSeconds };
  }

  async #do(job: Case['job'], items: number): Promise<Measured> {
    const folder = mkdtempSync(join(tmpdir(), 'dynaferry-bench-'));
    try {
      const { endpoints } = await this.#endpoints.report();
      return await measure({ ...job, endpoints, items, folder });
    } finally {
      rmSync(folder, { recursive: true });
    }
  }
}

function compare(cases: CaseResult[]): void {
  for (const one of cases) {
    const loop = [...exportCases, ...loadCases].find((other) => other.name === one.name)?.beside;
    const beside = cases.find((other) => other.name === loop);
    if (beside !== undefined)
      one.timesLess = {
        than: beside.name,
        factor: beside.cpuSecondsPerGb.median / one.cpuSecondsPerGb.median,
      };
  }
}
