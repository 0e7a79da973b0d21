import type { CopyResult } from './copy/bench-copy.ts';
import { GB, type BenchResult, type CaseResult, type MemoryResult, type Spread } from './results.ts';

const MB = 1e6;

/** The result as text for people. */
export function render(result: BenchResult): string {
  const { machine } = result;
  const lines = [
    `${result.date}, Node.js ${machine.node}, ${machine.cores} cores (${machine.cpu}), ${Math.round(machine.memoryBytes / GB)} GB, ${machine.platform}`,
    `Median of ${result.repetitions} (least–most). CPU is that of the whole client process; GB are of DynamoDB JSON, or of objects that are copied.`,
    '',
  ];
  const cells = result.cases.map(caseCells);
  if (cells.length > 0)
    lines.push(
      ...table(['stage', 'what', 'CPU s/GB', 'times less', 'wall s', 'peak MB', 'endpoints busy', 'items'], cells),
      '',
    );
  if (result.memory.length > 0)
    lines.push(
      'Export and load in one process:',
      ...table(['items', 'MB of JSON', 'MB at start', 'peak MB', 'wall s'], result.memory.map(memoryCells)),
      '',
    );
  const large = result.copies.filter(({ kind }) => kind === 'large');
  if (large.length > 0)
    lines.push(
      'Copies of large objects from S3 to S3:',
      ...table(['objects', 'what', 'CPU s/GB', 'MB/s', ...COPY_HEAD], large.map(largeCells)),
      '',
    );
  const small = result.copies.filter(({ kind }) => kind === 'small');
  if (small.length > 0)
    lines.push(
      'Copies of small objects from S3 to S3:',
      ...table(['objects', 'what', 'CPU s/1,000', 'objects/s', ...COPY_HEAD], small.map(smallCells)),
    );
  return lines.join('\n');
}

function caseCells(one: CaseResult): string[] {
  return [
    one.stage,
    one.name,
    spread(one.cpuSecondsPerGb, 1),
    one.timesLess === undefined ? '' : one.timesLess.factor.toFixed(1),
    spread(one.seconds, 1),
    String(Math.round(one.rssPeakBytes.median / MB)),
    `${Math.round(one.endpointBusy.median * 100)} %`,
    one.items.toLocaleString('en'),
  ];
}

function memoryCells(one: MemoryResult): string[] {
  const mb = (bytes: number): string => String(Math.round(bytes / MB));
  return [
    one.items.toLocaleString('en'),
    mb(one.bytes),
    mb(one.rssStartBytes),
    mb(one.rssPeakBytes),
    one.seconds.toFixed(1),
  ];
}

const COPY_HEAD = ['wall s', 'peak MB', 'endpoints busy'];

function largeCells(one: CopyResult): string[] {
  const what = `${one.objects} of ${one.data}`;
  return [what, one.tool, spread(one.cpuSecondsPerGb, 2), rate(one.bytes / MB, one), ...copyCells(one)];
}

function smallCells(one: CopyResult): string[] {
  const what = `${one.objects.toLocaleString('en')} of ${one.data}`;
  return [what, one.tool, spread(one.cpuSecondsPer1000, 2), rate(one.objects, one), ...copyCells(one)];
}

function rate(amount: number, { seconds }: CopyResult): string {
  return Math.round(amount / seconds.median).toLocaleString('en');
}

function copyCells({ seconds, rssPeakBytes, endpointBusy }: CopyResult): string[] {
  return [
    spread(seconds, 1),
    String(Math.round(rssPeakBytes.median / MB)),
    `${Math.round(endpointBusy.median * 100)} %`,
  ];
}

function spread({ median, min, max }: Spread, digits: number): string {
  const text = median.toFixed(digits);
  return min === max ? text : `${text} (${min.toFixed(digits)}–${max.toFixed(digits)})`;
}

/** Cells in columns, as lines. */
export function table(head: string[], rows: string[][]): string[] {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column].length)));
  return [head, ...rows].map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]))
      .join('  ')
      .trimEnd(),
  );
}
