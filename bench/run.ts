import { parseArgs } from 'node:util';
import { bench, type BenchOptions } from './bench.ts';
import { quickScale, wholeScale } from './copy/cases.ts';
import { render } from './report.ts';
import { ITEMS_MIN, PAGE_ITEMS } from './table.ts';

const HELP = `npm run bench -- [options]     see docs/benchmarks.md

  --quick            a smoke run: small tables, once
  --items N          items of the loops' tables, ${ITEMS_MIN} or more and a multiple of ${PAGE_ITEMS}; dynaferry
                     gets twice as many
  --repeat N         repetitions of each case
  --only TEXT        only cases whose stage and name have TEXT in them, such as copy, and no memory
  --json             the result as JSON
`;

/** A whole run takes some minutes: enough items that starting up does not count, often enough to see the spread. */
const whole = { items: 400_000, repetitions: 3, memoryItems: [100_000, 1_000_000, 2_000_000], copies: wholeScale };
const quick = { items: ITEMS_MIN, repetitions: 1, memoryItems: [ITEMS_MIN], copies: quickScale };

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    items: { type: 'string' },
    repeat: { type: 'string' },
    only: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) process.stdout.write(HELP);
else await main();

async function main(): Promise<void> {
  const preset = values.quick ? quick : whole;
  const options: BenchOptions = {
    items: wholeNumber('items', values.items, preset.items, ITEMS_MIN, PAGE_ITEMS),
    repetitions: wholeNumber('repeat', values.repeat, preset.repetitions, 1, 1),
    copies: preset.copies,
    memoryItems: values.only === undefined ? preset.memoryItems : [],
    ...(values.only !== undefined && { only: values.only }),
    onProgress: (text) => process.stderr.write(`${text}\n`),
  };
  const result = await bench(options);
  process.stdout.write(values.json ? `${JSON.stringify(result)}\n` : `${render(result)}\n`);
}

function wholeNumber(option: string, given: string | undefined, preset: number, min: number, step: number): number {
  const value = given === undefined ? preset : Number(given);
  if (Number.isSafeInteger(value) && value >= min && value % step === 0) return value;
  throw new Error(`--${option} ${given}: give a multiple of ${step} that is ${min} or more`);
}
