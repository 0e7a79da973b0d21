import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateTable } from './generate-table.ts';
import { demoEnvironment, demoMigration, DEMO_SOURCE_TABLE } from './demo-migration.ts';
import type { TwoSites } from './two-sites.ts';

export interface DemoOptions {
  /** Items in the source table; 16,000 unless told. */
  items?: number;
  /** Share of them, 0 to 1, that has the country China; 0.2 unless told. */
  match?: number;
  /** The same seed gives the same items; 1 unless told. */
  seed?: number;
  /** Whether tables have streams, so that the source can be written to while it is moved; needs Java, and a clone of the project, where DynamoDB Local is installed. */
  live?: boolean;
  signal?: AbortSignal;
  /** Hears how many items have been generated so far. */
  onGenerated?: (items: number) => void;
}

/** Two sites on this machine with a table at one of them, and a migration to the other that is ready to be run. */
export interface Demo {
  sites: TwoSites;
  /** Of this demo alone; removed by `close`. */
  folder: string;
  /** The migration.yaml to open. */
  migrationPath: string;
  /** What to open it with: credentials of both sites, and the key of the hash. Opens nothing but this demo. */
  env: Readonly<Record<string, string>>;
  /** A file of shell commands that set these variables. */
  envPath: string;
  items: number;
  /** Drops the sites with all that is in them, and the folder. */
  close(): Promise<void>;
}

const ITEMS_DEFAULT = 16_000;
const SEED_DEFAULT = 1;

/**
 * Starts two sites on this machine, fills a table at the source, and writes a migration.yaml into a temporary folder. Throws LOCAL_JAVA where a live demo cannot
 * be had.
 */
export async function openDemo(options: DemoOptions = {}): Promise<Demo> {
  const { items = ITEMS_DEFAULT, match, seed = SEED_DEFAULT, live = false, signal } = options;
  // The embedded endpoints are loaded when a demo starts, since nothing else needs them.
  const { startTwoSites } = await import('./two-sites.ts');
  const sites = await startTwoSites({ streams: live });
  const folder = await mkdtemp(join(tmpdir(), 'dynaferry-demo-'));
  const close = async (): Promise<void> => {
    await sites.close();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const env = demoEnvironment(sites);
    const migrationPath = join(folder, 'migration.yaml');
    await writeFile(migrationPath, demoMigration(sites, live));
    const envPath = join(folder, 'env.sh');
    await writeFile(
      envPath,
      Object.entries(env)
        .map(([name, value]) => `export ${name}=${value}\n`)
        .join(''),
    );
    let generated = 0;
    await generateTable({
      site: {
        region: sites.source.region,
        environmentPrefix: 'GLOBAL_',
        endpoint: { dynamodb: sites.source.dynamodb },
      },
      env,
      table: DEMO_SOURCE_TABLE,
      create: true,
      items,
      seed,
      ...(match !== undefined && { match }),
      ...(signal && { signal }),
      onWritten: (written) => options.onGenerated?.((generated += written)),
    });
    return { sites, folder, migrationPath, env, envPath, items, close };
  } catch (error) {
    await close();
    throw error;
  }
}
