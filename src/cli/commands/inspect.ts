import type { Catalog, Migration } from '../../index.ts';
import { DynaferryError } from '../../model/errors.ts';
import type { AddCommand } from '../command.ts';
import { withMigrations } from '../open-files.ts';
import { FILES, wholeNumber, wholeNumberOrAll } from '../options.ts';
import type { Session } from '../session.ts';
import { CountView } from '../progress/count-view.ts';

const EXAMPLES = `Examples:
  dynaferry inspect migration.yaml           definition, attributes, sizes
  dynaferry inspect --sample all m.yaml      every item: costs a full scan
  dynaferry inspect --catalog t.json m.yaml  keep the catalog as a file
`;

interface InspectOptions {
  sample: number | 'all';
  examples: number;
  catalog?: string;
}

/** `dynaferry inspect`: what is in the source table. */
export const inspectCommand: AddCommand = (program, act) => {
  program
    .command('inspect')
    .description('show what is in the source table: definition, attributes with their types, sizes; changes nothing')
    .argument(...FILES)
    .option('--sample <items>', 'items to read, spread over the table, or all', wholeNumberOrAll, 10_000)
    .option(
      '--examples <values>',
      "example values to show of each attribute: other people's data",
      wholeNumber(0, 100),
      0,
    )
    .option('--catalog <path>', 'write the catalog into this file, as JSON')
    .addHelpText('before', EXAMPLES)
    .action(act(inspect));
};

async function inspect(session: Session, files: string[], options: InspectOptions): Promise<number> {
  if (options.catalog !== undefined && files.length > 1)
    throw new DynaferryError('USAGE', '--catalog names one file for the catalogs of several tables', {
      fix: 'Inspect one migration at a time.',
    });
  return withMigrations(session, files, { signal: session.signal('stopping') }, async (migrations) => {
    for (const migration of migrations) {
      const catalog = await inspectOne(session, migration, options);
      if (options.catalog !== undefined) await writeCatalog(options.catalog, catalog);
      if (session.json) session.printJson({ type: 'catalog', ...catalog });
      else session.print((await import('../../index.ts')).renderCatalog(catalog));
    }
    return 0;
  });
}

async function inspectOne(
  session: Session,
  migration: Migration,
  { sample, examples }: InspectOptions,
): Promise<Catalog> {
  const view = new CountView(session, 'inspect', {
    ...(sample !== 'all' && { total: sample }),
    isShown: !session.json,
  });
  const onProgress = ({ items }: { items: number }): void => {
    view.done = items;
  };
  try {
    return await migration.inspect({ sample, examples, onProgress });
  } finally {
    view.close();
  }
}

async function writeCatalog(path: string, catalog: Catalog): Promise<void> {
  const { writeFile } = await import('node:fs/promises');
  try {
    // Readable by its owner alone: with examples it holds personal data.
    await writeFile(path, `${JSON.stringify(catalog, null, 2)}\n`, { mode: 0o600 });
  } catch (error) {
    throw new DynaferryError('LOCAL_DISK', `the catalog cannot be written to ${path}`, {
      fix: 'Give --catalog a path that can be written.',
      cause: error,
    });
  }
}
