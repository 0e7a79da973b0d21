import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { stringify } from 'yaml';
import type { WorldSite } from '../../test/world/world-site.ts';

export interface Sites {
  source: WorldSite;
  target: WorldSite;
}

const NAME = 'soak';
const main = resolve(import.meta.dirname, '../../dist/cli/main.js');

/** One migration of a table in use that removes what is applied, and the program that runs it. */
export class Replication {
  readonly sites: Sites;
  readonly buckets: Record<keyof Sites, string>;
  readonly stateFolder: string;
  readonly #file: string;

  private constructor(sites: Sites, buckets: Record<keyof Sites, string>, folder: string) {
    this.sites = sites;
    this.buckets = buckets;
    this.stateFolder = join(folder, '.dynaferry', NAME);
    this.#file = join(folder, 'migration.yaml');
  }

  static async prepare(sites: Sites, table: string, folder: string): Promise<Replication> {
    const [source, target] = await Promise.all([sites.source.createBucket(), sites.target.createBucket()]);
    const replication = new Replication(sites, { source, target }, folder);
    const site = ({ region, endpoints }: WorldSite, prefix: string, bucket: string) => ({
      region,
      credentials: `env:${prefix}_`,
      endpoint: { ...endpoints },
      staging: `s3://${bucket}/`,
    });
    const yaml = {
      version: 1,
      name: NAME,
      source: { ...site(sites.source, 'SOURCE', source), table },
      target: { ...site(sites.target, 'TARGET', target), table: sites.target.newTableName() },
      policy: { filter: "country = 'China'", attributes: { sex: 'drop' } },
      replicate: { stream: 'enable', applied: 'remove' },
    };
    writeFileSync(replication.#file, stringify(yaml));
    return replication;
  }

  /** What changes of it lie below, in the staging of both sites. */
  get prefix(): string {
    return `${NAME}/changes/`;
  }

  /** Starts a command; `done` resolves with its exit code. */
  start(...command: string[]): { process: ChildProcess; done: Promise<number | null> } {
    const keys = (prefix: string, { accessKeyId, secretAccessKey }: WorldSite['credentials']) => ({
      [`${prefix}_AWS_ACCESS_KEY_ID`]: accessKeyId,
      [`${prefix}_AWS_SECRET_ACCESS_KEY`]: secretAccessKey,
    });
    const env = {
      ...process.env,
      ...keys('SOURCE', this.sites.source.credentials),
      ...keys('TARGET', this.sites.target.credentials),
    };
    const child = spawn(process.execPath, [main, ...command, this.#file], {
      env,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const done = once(child, 'exit').then(([code]) => code as number | null);
    return { process: child, done };
  }
}
