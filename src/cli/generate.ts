import { DynaferryError } from '../model/errors.ts';
import type { Session } from './session.ts';
import { CountView } from './progress/count-view.ts';
import { counted } from './text/quantities.ts';

export interface GenerateCommandOptions {
  items: number;
  seed: number;
  match: number;
  exotic?: boolean;
  table?: string;
  create?: boolean;
  region?: string;
  profile?: string;
  endpoint?: string;
  out?: string;
}

/** Makes items and puts them where they are wanted. */
export async function generate(session: Session, options: GenerateCommandOptions): Promise<number> {
  checkPlace(session, options);
  const signal = session.signal('stopping');
  const toStandardOutput = options.table === undefined && options.out === undefined;
  // Items that scroll over the same terminal are progress enough.
  const view = new CountView(session, 'generate', {
    total: options.items,
    isShown: !(toStandardOutput && process.stdout.isTTY),
  });
  try {
    if (options.table === undefined) await intoLines(options, view, signal);
    else await intoTable({ ...options, table: options.table }, view, signal);
  } finally {
    view.close();
  }
  if (session.json) session.printJson({ type: 'generated', items: options.items, seconds: view.seconds });
  else if (!toStandardOutput)
    session.print(`${counted(options.items, 'item')} written to ${options.table ?? options.out}`);
  return 0;
}

function checkPlace(
  { json }: Session,
  { table, out, create, region, profile, endpoint }: GenerateCommandOptions,
): void {
  const refuse = (message: string, fix: string): never => {
    throw new DynaferryError('USAGE', message, { fix });
  };
  if (table !== undefined && out !== undefined)
    refuse('--table and --out are two places for the same items', 'Give one of them.');
  if (table === undefined && [create, region, profile, endpoint].some((option) => option !== undefined))
    refuse('--create, --region, --profile and --endpoint are about a table, and --table is not given', 'Give --table.');
  if (table === undefined && out === undefined && json)
    refuse('--json and the items would both go to standard output', 'Give --out or --table.');
}

async function intoTable(
  options: GenerateCommandOptions & { table: string },
  view: CountView,
  signal: AbortSignal,
): Promise<void> {
  const { generateTable } = await import('../index.ts');
  const region = options.region ?? process.env['AWS_REGION'] ?? process.env['AWS_DEFAULT_REGION'];
  if (region === undefined)
    throw new DynaferryError('USAGE', `the region of table '${options.table}' is not known`, {
      fix: 'Give --region, or set AWS_REGION.',
    });
  const { items, seed, match, exotic = false, table, create = false, profile, endpoint } = options;
  await generateTable({
    site: {
      region,
      ...(profile !== undefined && { profile }),
      ...(endpoint !== undefined && { endpoint: { dynamodb: endpoint } }),
    },
    table,
    create,
    items,
    seed,
    match,
    exotic,
    signal,
    onWritten: (written) => view.add(written),
  });
}

async function intoLines(options: GenerateCommandOptions, view: CountView, signal: AbortSignal): Promise<void> {
  const [{ generateItems }, { createWriteStream }, { Readable }, { pipeline }] = await Promise.all([
    import('../index.ts'),
    import('node:fs'),
    import('node:stream'),
    import('node:stream/promises'),
  ]);
  const { items, seed, match, exotic = false, out } = options;
  async function* lines(): AsyncGenerator<string> {
    for await (const item of generateItems({ items, seed, match, exotic })) {
      view.add(1);
      yield `{"Item":${item}}\n`;
    }
  }
  try {
    if (out === undefined) await pipeline(Readable.from(lines()), process.stdout, { signal, end: false });
    else await pipeline(Readable.from(lines()), createWriteStream(out), { signal });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    // Whoever reads has had enough (`| head`).
    if (out === undefined && code === 'EPIPE') return;
    if (out === undefined || code === undefined || code === 'ABORT_ERR') throw error;
    throw new DynaferryError('LOCAL_DISK', `the items cannot be written to ${out}: ${code}`, {
      fix: 'Give --out a path that can be written.',
      cause: error,
    });
  }
}
