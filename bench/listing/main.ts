import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { planted } from './keys.ts';
import type { Compared } from './work.ts';

/*
 * node bench/listing/main.ts [--objects N] [--ranges 1,8] [--repeat N]: what it costs to compare two buckets of N objects each. See docs/benchmarks.md.
 * Runs itself again as the endpoint and as what is measured.
 */
const { values } = parseArgs({
  options: {
    objects: { type: 'string', default: '10000000' },
    ranges: { type: 'string', default: '1,8' },
    repeat: { type: 'string', default: '1' },
    role: { type: 'string' },
    endpoint: { type: 'string' },
  },
});
const objects = Number(values.objects);

if (values.role === 'endpoint') await serve();
else if (values.role === 'work') await work();
else await main();

async function serve(): Promise<void> {
  const { startListings } = await import('./endpoint.ts');
  const url = await startListings(objects);
  let cpu = process.cpuUsage();
  process.on('message', () => {
    const { user, system } = process.cpuUsage(cpu);
    cpu = process.cpuUsage();
    process.send?.({ cpuSeconds: (user + system) / 1e6 });
  });
  process.on('disconnect', () => process.exit());
  process.send?.({ url });
}

async function work(): Promise<void> {
  const { compare } = await import('./work.ts');
  const compared = await compare(values.endpoint ?? '', Number(values.ranges));
  process.send?.(compared, () => process.disconnect());
}

async function main(): Promise<void> {
  const endpoint = start(['--role', 'endpoint', '--objects', values.objects]);
  const { url } = (await message(endpoint)) as { url: string };
  const expected = planted(objects);
  process.stdout.write('ranges  CPU s  wall s  MB at start  peak MB  endpoint busy  differences\n');
  for (let repetition = 0; repetition < Number(values.repeat); repetition++)
    for (const ranges of values.ranges.split(',')) {
      const measured = (await message(start(['--role', 'work', '--endpoint', url, '--ranges', ranges]))) as Compared;
      endpoint.send('report');
      const { cpuSeconds } = (await message(endpoint)) as { cpuSeconds: number };
      check(measured, expected);
      const { rssStartBytes, rssPeakBytes, seconds } = measured;
      const cells = [
        ranges.padEnd(6),
        measured.cpuSeconds.toFixed(1).padEnd(5),
        seconds.toFixed(1).padEnd(6),
        (rssStartBytes / 1e6).toFixed(0).padEnd(11),
        (rssPeakBytes / 1e6).toFixed(0).padEnd(7),
        `${((100 * cpuSeconds) / seconds).toFixed(0)} %`.padEnd(13),
        `${measured.sourceOnly} + ${measured.targetOnly} + ${measured.other}, as planted`,
      ];
      process.stdout.write(`${cells.join('  ')}\n`);
    }
  endpoint.disconnect();
}

function check(found: Compared, expected: ReturnType<typeof planted>): void {
  const isRight =
    found.sourceOnly === expected['source-only'] &&
    found.targetOnly === expected['target-only'] &&
    found.other === expected.other &&
    found.objects === 2 * objects - found.sourceOnly - found.targetOnly;
  if (!isRight) throw new Error(`found ${JSON.stringify(found)}, but planted is ${JSON.stringify(expected)}`);
}

function start(options: string[]): ChildProcess {
  return fork(new URL(import.meta.url), options);
}

/** The next message of the process. Rejects where it ends without one. */
async function message(child: ChildProcess): Promise<unknown> {
  const scope = new AbortController();
  const ended = once(child, 'exit', { signal: scope.signal }).then(([code]) => {
    throw new Error(`a process of the benchmark ended with ${String(code)}`);
  });
  ended.catch(() => undefined);
  const [first] = (await Promise.race([once(child, 'message', { signal: scope.signal }), ended])) as unknown[];
  scope.abort();
  return first;
}
