import { join } from 'node:path';
import { stringify } from 'yaml';
import { expect } from 'vitest';
import { runCli, startCli } from '../world/cli.ts';
import { newFolder } from '../world/home.ts';
import type { ProgramOptions, ProgramResult, RunningProgram } from '../world/program.ts';
import { replaceFile } from '../world/replace-file.ts';
import { readKeyNames } from '../world/table.ts';
import { siteIdentities, type SiteEndpoints, type SiteName } from '../world/site.ts';
import type { World } from '../world/use-world.ts';
import { readWireItems, wireJson, type WireItem } from '../world/wire-table.ts';
import type { TableDefinition } from '../world/world-site.ts';

/** A migration.yaml as plain data, for tests to change. */
export interface MigrationYaml {
  version: number;
  name: string;
  source: SiteYaml & { table?: string; export?: string; consistentRead?: boolean };
  target: SiteYaml & { table: string; create?: boolean };
  policy: { filter?: string; attributes?: Record<string, unknown>; unlisted?: string };
  export?: { compression?: string; objectSize?: string; segments?: number; pushDown?: boolean };
  load?: { mode?: unknown; concurrency?: number };
  replicate?: { stream?: string; deletes?: string; ttlDeletes?: string; conflict?: unknown };
  limits?: { read?: number | string; write?: number | string; bandwidth?: string };
}

interface SiteYaml {
  region: string;
  credentials: string;
  staging: string;
  endpoint: SiteEndpoints;
}

export interface ScenarioOptions {
  name?: string;
  /** A source table of this definition is made; one with the key `PK` (S) where left out. */
  sourceTable?: TableDefinition;
  /** What stands between the program and a site's services, such as a fault proxy. */
  endpoints?: Partial<Record<SiteName, Partial<SiteEndpoints>>>;
}

/** The secret that hash rules use in these tests. */
export const HASH_KEY = 'a key of more than sixteen bytes';

/** The environment that a command needs at one site: that site's credentials, and the rules' keys where the policy is applied. */
export const siteEnvironment: Record<SiteName, Record<string, string>> = {
  source: { ...credentials('source', 'GLOBAL'), HASH_KEY },
  target: credentials('target', 'CHINA'),
};

function credentials(site: SiteName, prefix: string): Record<string, string> {
  const { accessKeyId, secretAccessKey } = siteIdentities[site].credentials;
  return { [`${prefix}_AWS_ACCESS_KEY_ID`]: accessKeyId, [`${prefix}_AWS_SECRET_ACCESS_KEY`]: secretAccessKey };
}

/** One migration between the two sites of the test world: its own tables, buckets, folder and migration.yaml. */
export class Scenario {
  readonly world: World;
  readonly folder = newFolder();
  readonly sourceTable: string;
  readonly targetTable: string;
  readonly buckets: Record<SiteName, string>;
  readonly yaml: MigrationYaml;

  private constructor(
    world: World,
    tables: Record<SiteName, string>,
    buckets: Record<SiteName, string>,
    { name = 'users-to-china', endpoints = {} }: ScenarioOptions,
  ) {
    this.world = world;
    this.sourceTable = tables.source;
    this.targetTable = tables.target;
    this.buckets = buckets;
    const site = (at: SiteName, prefix: string): SiteYaml => ({
      region: siteIdentities[at].region,
      credentials: `env:${prefix}_`,
      staging: `s3://${buckets[at]}/staging/`,
      endpoint: { ...world[at].endpoints, ...endpoints[at] },
    });
    this.yaml = {
      version: 1,
      name,
      source: { ...site('source', 'GLOBAL'), table: tables.source },
      target: { ...site('target', 'CHINA'), table: tables.target },
      policy: {},
    };
  }

  /** The source table is there and empty, the target table is not there. */
  static async create(world: World, options: ScenarioOptions = {}): Promise<Scenario> {
    const [table, source, target] = await Promise.all([
      world.source.createTable(options.sourceTable),
      world.source.createBucket(),
      world.target.createBucket(),
    ]);
    return new Scenario(world, { source: table, target: world.target.newTableName() }, { source, target }, options);
  }

  /** Where the program keeps its ledger unless told. */
  get stateFolder(): string {
    return join(this.folder, '.dynaferry');
  }

  get migrationPath(): string {
    return join(this.folder, 'migration.yaml');
  }

  /** What a command line is given to run this migration, as `yaml` stands now. */
  arguments(command: string, ...options: string[]): string[] {
    replaceFile(this.migrationPath, stringify(this.yaml));
    return [command, '--json', ...options, this.migrationPath];
  }

  /** Runs one command to its end, with both sites' credentials unless told. */
  run(command: string, options: string[] = [], program: ProgramOptions = {}): Promise<ProgramResult> {
    return runCli(this.arguments(command, ...options), this.#program(program));
  }

  start(command: string, options: string[] = [], program: ProgramOptions = {}): RunningProgram {
    return startCli(this.arguments(command, ...options), this.#program(program));
  }

  #program(program: ProgramOptions): ProgramOptions {
    return { env: { ...siteEnvironment.source, ...siteEnvironment.target }, ...program };
  }

  /** The target against what the oracle makes of the source, by a reader that shares no code with the product. */
  async compare(policy: WirePolicy = (item) => item): Promise<Comparison> {
    const { source, target } = this.world;
    const keyNames = await readKeyNames(target.dynamodb, this.yaml.target.table);
    const keyOf = (item: WireItem): string => JSON.stringify(keyNames.map((name) => item[name]));
    const byKey = (items: WireItem[]) => new Map(items.map((item) => [keyOf(item), wireJson(item)]));
    const before = await readWireItems(source, this.sourceTable);
    const expected = byKey(before.map(policy).filter((item) => item !== undefined));
    const actual = byKey(await readWireItems(target, this.yaml.target.table));
    const keys = [...expected.keys()];
    return {
      equal: keys.filter((key) => actual.get(key) === expected.get(key)).length,
      missing: keys.filter((key) => !actual.has(key)),
      different: keys.filter((key) => actual.has(key) && actual.get(key) !== expected.get(key)),
      extra: [...actual.keys()].filter((key) => !expected.has(key)),
    };
  }
}

/** What a policy makes of an item, written down independently of the product; undefined where the item must not pass. */
type WirePolicy = (item: WireItem) => WireItem | undefined;

/** Keys, as text; a correct migration has nothing in the three lists. */
interface Comparison {
  equal: number;
  missing: string[];
  extra: string[];
  different: string[];
}

/** The summary that a command with --json ended with. A run that did not end well shows all that it said. */
export function expectDone(result: ProgramResult): Record<string, unknown> {
  const summary: Record<string, unknown> = result.events.at(-1) ?? {};
  const { code, stderr } = result;
  const failure = summary['type'] === 'summary' ? summary['error'] : summary;
  expect({ code, stderr, failure }).toEqual({ code: 0, stderr: '', failure: undefined });
  expect(summary).toMatchObject({ type: 'summary', ok: true });
  return summary;
}

/** That a command ended with one clear error: this code and exit code, a message, a fix, no stack trace. Returns message and fix. */
export function expectFailure(result: ProgramResult, exitCode: number, code: string): { message: string; fix: string } {
  const last = result.events.at(-1);
  const error = (last?.type === 'summary' ? last['error'] : last) as { code: string; message: string; fix: string };
  expect({ exitCode: result.code, stderr: result.stderr, error }).toEqual({
    exitCode,
    stderr: '',
    error: expect.objectContaining({
      code,
      message: expect.stringMatching(/\S/) as string,
      fix: expect.stringMatching(/\S/) as string,
    }) as object,
  });
  expect(result.stdout).not.toMatch(/\bat .*\.(?:js|ts):\d+/);
  return error;
}
