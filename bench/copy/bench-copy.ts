import { GB, spreadOf, type Spread } from '../results.ts';
import { nameOf, type CopyCase } from './cases.ts';
import { totalBytes } from './data-sets.ts';
import { runTool, type ToolRun } from './run-tool.ts';
import { S3Endpoints } from './s3-endpoints.ts';

/** What was measured of one case, over all repetitions. CPU is that of the whole program, its start included. */
export interface CopyResult {
  kind: CopyCase['kind'];
  data: string;
  tool: string;
  objects: number;
  bytes: number;
  cpuSecondsPerGb: Spread;
  cpuSecondsPer1000: Spread;
  seconds: Spread;
  rssPeakBytes: Spread;
  /** Share of the wall time that the endpoints' process was busy. */
  endpointBusy: Spread;
}

interface CopySample {
  run: ToolRun & { cpuSeconds: number; rssPeakBytes: number };
  endpointCpuSeconds: number;
}

/** Measures the cases, each repetition in a process of its own. Repetitions go round all cases, so that what else the machine does hits them alike. */
export async function benchCopies(
  cases: readonly CopyCase[],
  repetitions: number,
  onProgress: (text: string) => void,
): Promise<CopyResult[]> {
  const endpoints = await S3Endpoints.start();
  try {
    const samples = new Map<CopyCase, CopySample[]>();
    for (let repetition = 1; repetition <= repetitions; repetition++)
      for (const one of cases) {
        onProgress(`${repetition}/${repetitions} ${nameOf(one)}`);
        samples.set(one, [...(samples.get(one) ?? []), await sample(endpoints, one)]);
      }
    return [...samples].map(([one, taken]) => summarise(one, taken));
  } finally {
    endpoints.stop();
  }
}

async function sample(s3: S3Endpoints, one: CopyCase): Promise<CopySample> {
  const { set, tool } = one;
  const { endpoints } = await s3.stock([set]);
  const { cpuSeconds, rssPeakBytes, ...run } = await runTool(tool.command({ endpoints, prefix: `${set.name}/` }));
  const { arrived, cpuSeconds: endpointCpuSeconds } = await s3.report();
  const isComplete = arrived.objects === set.objects && arrived.bytes === totalBytes(set);
  if (run.exitCode !== 0 || !isComplete || cpuSeconds === undefined || rssPeakBytes === undefined)
    throw new Error(`${nameOf(one)}: exit code ${run.exitCode}, ${arrived.objects} objects arrived\n${run.output}`);
  return { run: { ...run, cpuSeconds, rssPeakBytes }, endpointCpuSeconds };
}

function summarise({ kind, label, set, tool }: CopyCase, samples: readonly CopySample[]): CopyResult {
  const over = (of: (one: CopySample) => number): Spread => spreadOf(samples.map(of));
  const bytes = totalBytes(set);
  return {
    kind,
    data: label,
    tool: tool.name,
    objects: set.objects,
    bytes,
    cpuSecondsPerGb: over(({ run }) => (run.cpuSeconds / bytes) * GB),
    cpuSecondsPer1000: over(({ run }) => (run.cpuSeconds / set.objects) * 1e3),
    seconds: over(({ run }) => run.seconds),
    rssPeakBytes: over(({ run }) => run.rssPeakBytes),
    endpointBusy: over(({ run, endpointCpuSeconds }) => endpointCpuSeconds / run.seconds),
  };
}
