import type { DynamoDbClient } from '../../dynamodb/client.ts';
import type { Pacer } from '../../engine/pacer.ts';
import { newValueRange, readValue } from '../../model/attribute.ts';
import { DynaferryError } from '../../model/errors.ts';
import type { Finding } from '../../model/finding.ts';
import { ItemView, NameTable } from '../../model/item.ts';
import { keyAttributes, type KeySchema } from '../../model/key.ts';
import { CATALOG_FORMAT, CATALOG_VERSION, type Catalog, type Coverage, type TableFacts } from './catalog.ts';
import { findingsOf } from './findings.ts';
import { ItemProfiler, exampleText } from './item-profiler.ts';
import { ItemSizes } from './item-sizes.ts';
import { listPaths } from './path-facts.ts';
import { PathTree, defaultPathLimits, type PathLimits } from './path-tree.ts';
import { readItems, type ReadProgress } from './read-items.ts';
import { readTableFacts } from './table-facts.ts';

/** What to inspect, and how. */
export interface InspectOptions {
  client: DynamoDbClient;
  table: string;
  /** Items to read, spread over the table; or all of them. */
  sample: number | 'all';
  /** Segments that the scan is divided into, 1 to 1,000,000. */
  segments: number;
  /** Segments read at the same time; 8 unless told. */
  concurrency?: number;
  consistentRead: boolean;
  /** Example values to show of each path; none unless told, since they are other people's data. */
  examples?: number;
  limits?: Partial<Omit<PathLimits, 'examplesMax'>>;
  /** Spends read units; as fast as the table serves where there is none. */
  pace?: Pick<Pacer, 'acquire' | 'settle'>;
  signal?: AbortSignal;
  onProgress?: (progress: ReadProgress) => void;
  now?: () => Date;
}

/**
 * Reads a table's definition and all or some of its items, and says what is there. It writes nothing. Memory is bounded by `concurrency` pages and
 * the limit on paths. Throws TABLE_NOT_FOUND, ACCESS_DENIED and what else ends a scan; a setting that cannot be read is 'unknown' in the catalog.
 */
export async function inspectTable(options: InspectOptions): Promise<Catalog> {
  const { client, signal } = options;
  checkOptions(options);
  const inspectedAt = (options.now ?? (() => new Date()))().toISOString();
  const unknowns: Finding[] = [];
  const table = await readTableFacts(client, options.table, unknowns, signal);
  const limits: PathLimits = { ...defaultPathLimits, ...options.limits, examplesMax: options.examples ?? 0 };
  const tree = new PathTree(limits);
  const { sizes, coverage } = await profileItems(options, table, tree);
  tree.foldSparse();
  const counted = coverage.kind === 'full';
  const seen: Omit<Catalog, 'findings'> = {
    format: CATALOG_FORMAT,
    version: CATALOG_VERSION,
    inspectedAt,
    region: client.site.region,
    table,
    coverage,
    items: sizes.facts(),
    capacity: sizes.estimate(...estimateFor(counted, coverage, table)),
    paths: listPaths(
      tree.root,
      coverage.items,
      keyAttributes(table.key).map((attribute) => attribute.name),
    ),
    pathsLimit: { max: limits.pathsMax, reached: tree.limitReached },
  };
  return { ...seen, findings: [...findingsOf(seen), ...unknowns] };
}

function checkOptions({ sample, segments, concurrency = 1, examples = 0 }: InspectOptions): void {
  const check = (name: string, value: number, min: number, max: number): void => {
    if (Number.isInteger(value) && value >= min && value <= max) return;
    throw new DynaferryError('USAGE', `${name} is ${value}`, { fix: `Give a whole number from ${min} to ${max}.` });
  };
  if (sample !== 'all') check('sample', sample, 1, Number.MAX_SAFE_INTEGER);
  check('segments', segments, 1, 1_000_000);
  check('concurrency', concurrency, 1, 1000);
  check('examples', examples, 0, 100);
}

/** As described where that is all that is known; but never fewer items than were seen. */
function estimateFor(counted: boolean, coverage: Coverage, table: TableFacts): [number, 'scan' | 'described'] {
  if (counted || table.described.items < coverage.items) return [coverage.items, 'scan'];
  return [table.described.items, 'described'];
}

const CONCURRENCY = 8;

async function profileItems(
  options: InspectOptions,
  table: TableFacts,
  tree: PathTree,
): Promise<{ sizes: ItemSizes; coverage: Coverage }> {
  const sizes = new ItemSizes();
  const profiler = new ItemProfiler(tree);
  const view = new ItemView(new NameTable(keyAttributes(table.key).map((attribute) => attribute.name)));
  const showsKeys = tree.limits.examplesMax > 0;
  const onItem = (item: ItemView): void => {
    sizes.add(profiler.add(item), () => (showsKeys ? keyText(item, table.key) : undefined));
  };
  const settings = { ...options, concurrency: options.concurrency ?? CONCURRENCY };
  const read = await readItems(options.client, settings, view, onItem, options.onProgress);
  const coverage: Coverage = {
    kind: read.segmentsDone === read.segments ? 'full' : 'sample',
    items: read.items,
    segments: read.segments,
    segmentsRead: read.segmentsRead,
    consistentRead: options.consistentRead,
    bytes: read.bytes,
    readUnits: read.readUnits,
  };
  return { sizes, coverage };
}

function keyText(item: ItemView, schema: KeySchema): Record<string, string> {
  const key: Record<string, string> = {};
  for (const { name } of keyAttributes(schema)) {
    const value = readValue(item.bytes, item.valueStart[item.indexOf(item.names.idOf(name))], newValueRange());
    key[name] = exampleText(item.bytes, value.start, value.end);
  }
  return key;
}
