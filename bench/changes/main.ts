import { parseArgs } from 'node:util';
import { table } from '../report.ts';
import { machine } from '../results.ts';
import { benchChanges, type ChangesResult, type ChangesScale } from './bench-changes.ts';
import type { Program } from './messages.ts';

const HELP = `npm run bench:changes -- [options]     changes through capture, transfer and apply; see docs/benchmarks.md

  --changes N     changes that are there before a program begins; 50000
  --seconds S     how long the lag is measured; 60
  --rate N        changes a second then; half of what the program has reached
  --only NAME     dynaferry, loop-batch or loop-put alone
  --json          the result as JSON
`;

const programs: readonly Program[] = ['loop-put', 'loop-batch', 'dynaferry'];

const { values } = parseArgs({
  options: {
    changes: { type: 'string', default: '50000' },
    seconds: { type: 'string', default: '60' },
    rate: { type: 'string' },
    only: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) process.stdout.write(HELP);
else await main();

async function main(): Promise<void> {
  const scale: ChangesScale = {
    changes: Number(values.changes),
    lagSeconds: Number(values.seconds),
    ...(values.rate !== undefined && { changesPerSecond: Number(values.rate) }),
  };
  const results: ChangesResult[] = [];
  for (const program of programs) {
    if (values.only !== undefined && values.only !== program) continue;
    process.stderr.write(`${program}\n`);
    results.push(await benchChanges(program, scale));
  }
  process.stdout.write(values.json ? `${JSON.stringify(results)}\n` : `${render(results)}\n`);
}

function render(results: readonly ChangesResult[]): string {
  const { node, cores, cpu, platform } = machine();
  return [
    `Node.js ${node}, ${cores} cores (${cpu}), ${platform}`,
    ...table(
      [
        'what',
        'changes/s',
        'CPU s/100,000',
        'peak MB',
        'source busy',
        'target busy',
        'S3 busy',
        'at/s',
        'lag median',
        'p99',
      ],
      results.map(cells),
    ),
  ].join('\n');
}

function cells(one: ChangesResult): string[] {
  const percent = (cores: number): string => `${Math.round(100 * cores)} %`;
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;
  return [
    one.program,
    Math.round(one.changesPerSecond).toLocaleString('en'),
    one.cpuSecondsPer100k.toFixed(1),
    String(Math.round(one.rssPeakBytes / 1e6)),
    percent(one.sourceDynamoDb),
    percent(one.targetDynamoDb),
    percent(one.s3),
    Math.round(one.fedPerSecond).toLocaleString('en'),
    seconds(one.lagMedianMs),
    seconds(one.lagP99Ms),
  ];
}
