import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { provide } from '../../scripts/apt-needs.ts';
import { MIB, totalBytes, type DataSet } from '../copy/data-sets.ts';
import { runTool } from '../copy/run-tool.ts';
import { S3Endpoints } from '../copy/s3-endpoints.ts';
import { dynaferry, rclone, type Tool } from '../copy/tools.ts';
import { table } from '../report.ts';
import { LossyLink } from './link.ts';

const HELP = `npm run bench:lossy-link -- [options]     needs root; see docs/benchmarks.md

  --loss P[,P...]      % of packets lost, each way; 2,15
  --round-trip MS      200
  --direction D        pull: the source is far away; push: the target is. pull
  --data NAME[,NAME]   mixed: 4 objects of 32 MiB and 200 of 100 KB; many: 256 of 1 MiB. mixed,many
  --seconds N          after so long a copy is stopped; 300
  --only TEXT          only tools whose name has TEXT in it
  --rclone="SETTINGS"  rclone with these settings too, for finding better ones; may be given more than once
  --seed N             of the packets that are lost; 1
  --json               the result as JSON
`;

/** The ports inside of the namespace, where nothing else listens. */
const PORTS = { source: 9001, target: 9002 };

const dataSets: Record<string, DataSet[]> = {
  mixed: [
    { name: 'mixed/large', objects: 4, sizeBytes: 32 * MIB, partSizeBytes: 8 * MIB },
    { name: 'mixed/small', objects: 200, sizeBytes: 100_000 },
  ],
  many: [{ name: 'many', objects: 256, sizeBytes: MIB }],
};

/**
 * Streams of one object side by side (--multi-thread-streams) would help most here, and this version has them for local files only; what settles
 * uploads (chunk size, concurrency, cutoff) matters where the target is far.
 */
const RCLONE_BEST: Record<string, string[]> = {
  pull: ['--transfers', '64', '--checkers', '64', '--s3-disable-http2', '--s3-no-head'],
  push: [
    '--transfers',
    '64',
    '--checkers',
    '64',
    '--s3-disable-http2',
    '--s3-no-head',
    '--s3-upload-cutoff',
    '5M',
    '--s3-chunk-size',
    '5M',
    '--s3-upload-concurrency',
    '16',
  ],
};

interface Outcome {
  lossPercent: number;
  data: string;
  tool: string;
  seconds: number;
  isComplete: boolean;
  arrivedBytes: number;
  bytesPerSecond: number;
  /** What a program said that neither finished nor was stopped. */
  failure?: string;
}

const { values } = parseArgs({
  options: {
    loss: { type: 'string', default: '2,15' },
    'round-trip': { type: 'string', default: '200' },
    direction: { type: 'string', default: 'pull' },
    data: { type: 'string', default: 'mixed,many' },
    seconds: { type: 'string', default: '300' },
    only: { type: 'string', default: '' },
    rclone: { type: 'string', multiple: true, default: [] },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

// Or an interrupted run would leave its namespace behind.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

if (values.help) process.stdout.write(HELP);
else if (isProvided()) await main();
else process.exitCode = 1;

function isProvided(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    console.error('This needs root on Linux: it makes a network namespace and rules for its packets.');
    console.error(
      'Besides, commands ip, iptables, gcc, rclone and time, and the headers of libnetfilter_queue; on Debian or Ubuntu:',
    );
    console.error('apt-get install iproute2 iptables gcc libc6-dev libnetfilter-queue-dev rclone time');
    return false;
  }
  return provide('Measurements over a lossy link', [
    { command: 'ip', aptPackage: 'iproute2' },
    { command: 'iptables', aptPackage: 'iptables' },
    { command: 'gcc', aptPackage: 'gcc' },
    { command: '/usr/include/stdio.h', aptPackage: 'libc6-dev' },
    { command: '/usr/include/libnetfilter_queue/libnetfilter_queue.h', aptPackage: 'libnetfilter-queue-dev' },
    { command: 'rclone', aptPackage: 'rclone' },
    { command: 'time', aptPackage: 'time' },
  ]);
}

async function main(): Promise<void> {
  const tools = [
    rclone('rclone: defaults'),
    rclone('rclone: best', RCLONE_BEST[values.direction]),
    dynaferry('dynaferry: defaults'),
  ]
    .filter(({ name }) => name.includes(values.only))
    .concat(values.rclone.map((settings) => rclone(`rclone ${settings}`, settings.split(' '))));
  const outcomes: Outcome[] = [];
  for (const lossPercent of values.loss.split(',').map(Number))
    for (const data of values.data.split(','))
      for (const tool of tools) {
        process.stderr.write(`${lossPercent} % ${data} ${tool.name}\n`);
        outcomes.push(await measure(lossPercent, data, tool));
      }
  process.stdout.write(values.json ? `${JSON.stringify(outcomes)}\n` : `${render(outcomes)}\n`);
}

/** Each measurement has a link of its own, so that the same packets are lost, as far as that can be. */
async function measure(lossPercent: number, data: string, tool: Tool): Promise<Outcome> {
  const sets = dataSets[data];
  const folder = mkdtempSync(join(tmpdir(), 'dynaferry-link-'));
  const port = values.direction === 'push' ? PORTS.target : PORTS.source;
  const roundTripMs = Number(values['round-trip']);
  const link = await LossyLink.open({ port, roundTripMs, lossPercent, seed: Number(values.seed), folder });
  const { prefix } = link;
  const s3 = await S3Endpoints.start({ prefix, ports: PORTS });
  try {
    const { endpoints } = await s3.stock(sets);
    const run = await runTool(tool.command({ endpoints, prefix: `${data}/` }), {
      prefix,
      msMax: Number(values.seconds) * 1000,
    });
    const { arrived, traffic } = await s3.report();
    const isComplete = arrived.bytes === sets.reduce((sum, set) => sum + totalBytes(set), 0);
    // Of a copy that was stopped everything counts that has reached the target, in objects that are not whole too.
    const arrivedBytes = isComplete ? arrived.bytes : traffic.target.receivedBytes;
    return {
      lossPercent,
      data,
      tool: tool.name,
      seconds: run.seconds,
      isComplete,
      arrivedBytes,
      bytesPerSecond: arrivedBytes / run.seconds,
      ...(run.exitCode !== undefined && (run.exitCode !== 0 || !isComplete) && { failure: run.output }),
    };
  } finally {
    s3.stop();
    link.close();
    rmSync(folder, { recursive: true });
  }
}

function render(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map((one) => [
    `${one.lossPercent} %`,
    one.data,
    one.tool,
    (one.bytesPerSecond / 1000).toFixed(0),
    one.seconds.toFixed(0),
    (one.arrivedBytes / 1e6).toFixed(1),
    one.failure === undefined ? (one.isComplete ? 'yes' : 'stopped') : 'failed',
  ]);
  const failures = outcomes.flatMap(({ tool, failure }) => (failure === undefined ? [] : [`\n${tool}:\n${failure}`]));
  return [
    `${values['round-trip']} ms round trip, CUBIC, ${values.direction}`,
    ...table(['loss', 'data', 'what', 'KB/s', 's', 'MB arrived', 'complete'], rows),
    ...failures,
  ].join('\n');
}
