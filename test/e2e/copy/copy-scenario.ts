import { GetObjectCommand, ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { stringify } from 'yaml';
import { runCli, startCli } from '../../world/cli.ts';
import { compareBuckets, type BucketDifferences } from '../../world/compare-buckets.ts';
import { fillBucket, type CopyObject } from '../../world/copy-objects.ts';
import { FaultProxy, type SeenRequest } from '../../world/fault-proxy.ts';
import type { FaultRule } from '../../world/fault.ts';
import { newFolder } from '../../world/home.ts';
import type { ProgramOptions, ProgramResult, RunningProgram } from '../../world/program.ts';
import { replaceFile } from '../../world/replace-file.ts';
import { siteIdentities, type SiteName } from '../../world/site.ts';
import type { World } from '../../world/use-world.ts';
import { siteEnvironment } from '../scenario.ts';

/** A transfer.yaml as plain data, for tests to change. */
interface TransferYaml {
  version: number;
  name: string;
  source: Record<string, unknown>;
  target: Record<string, unknown>;
  [key: string]: unknown;
}

/** A request on its way to one of the two services. */
export interface SeenCopyRequest extends SeenRequest {
  site: SiteName;
  /** Of the object; empty where the request is about the bucket. */
  key: string;
}

export type CopyListener = (seen: SeenCopyRequest) => void | Promise<void>;

export interface CopyScenarioOptions {
  rules?: Partial<Record<SiteName, readonly FaultRule[]>>;
  seed?: number;
  sourcePrefix?: string;
  targetPrefix?: string;
}

/** A copy's own records beside what it carries. */
const RECORDS = ['metadata.dynaferry-source-etag', 'metadata.dynaferry-part-size'];

export const MIB = 2 ** 20;

/** One copy between the two sites of the test world, through proxies that see every request: its own buckets, folder and transfer.yaml. */
export class CopyScenario implements AsyncDisposable {
  world: World;
  readonly folder = newFolder();
  readonly buckets: Record<SiteName, string>;
  readonly proxies: Record<SiteName, FaultProxy>;
  readonly prefixes: Record<SiteName, string>;
  readonly listeners: Set<CopyListener>;
  readonly yaml: TransferYaml;

  private constructor(
    world: World,
    buckets: Record<SiteName, string>,
    proxies: Record<SiteName, FaultProxy>,
    prefixes: Record<SiteName, string>,
    listeners: Set<CopyListener>,
  ) {
    this.world = world;
    this.buckets = buckets;
    this.proxies = proxies;
    this.prefixes = prefixes;
    this.listeners = listeners;
    const site = (at: SiteName, prefix: string): Record<string, unknown> => ({
      url: `s3://${buckets[at]}/${prefixes[at]}`,
      region: siteIdentities[at].region,
      credentials: `env:${prefix}_`,
      endpoint: proxies[at].endpoint,
    });
    this.yaml = { version: 1, name: 'copy', source: site('source', 'GLOBAL'), target: site('target', 'CHINA') };
  }

  static async create(
    world: World,
    { rules = {}, seed = 1, sourcePrefix = '', targetPrefix = '' }: CopyScenarioOptions = {},
  ): Promise<CopyScenario> {
    const listeners = new Set<CopyListener>();
    const start = (site: SiteName, offset: number): Promise<FaultProxy> =>
      FaultProxy.start({
        upstream: world[site].endpoints.s3,
        rules: rules[site] ?? [],
        seed: seed * 10 + offset,
        watch: async (seen) => {
          const key = keyOf(seen.path);
          for (const listener of listeners) await listener({ ...seen, site, key });
        },
      });
    const [sourceBucket, targetBucket] = await Promise.all([world.source.createBucket(), world.target.createBucket()]);
    const proxies = { source: await start('source', 1), target: await start('target', 2) };
    const prefixes = { source: sourcePrefix, target: targetPrefix };
    return new CopyScenario(world, { source: sourceBucket, target: targetBucket }, proxies, prefixes, listeners);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(Object.values(this.proxies).map((proxy) => proxy[Symbol.asyncDispose]()));
  }

  fill(site: SiteName, objects: Iterable<CopyObject>): Promise<void> {
    return fillBucket(this.world[site].s3, this.buckets[site], objects);
  }

  arguments(options: readonly string[]): string[] {
    const path = join(this.folder, 'transfer.yaml');
    replaceFile(path, stringify(this.yaml));
    return ['copy', path, '--json', ...options];
  }

  /** Runs `dynaferry copy` to its end. */
  run(options: readonly string[] = [], program: ProgramOptions = {}): Promise<ProgramResult> {
    return runCli(this.arguments(options), this.#program(program));
  }

  start(options: readonly string[] = [], program: ProgramOptions = {}): RunningProgram {
    return startCli(this.arguments(options), this.#program(program));
  }

  /** Both sites' keys. */
  get environment(): Record<string, string> {
    return { ...siteEnvironment.source, ...siteEnvironment.target };
  }

  #program(program: ProgramOptions): ProgramOptions {
    return { env: this.environment, ...program };
  }

  /** Both sides by a reader that shares no code with the product. */
  compare(except: readonly string[] = RECORDS): Promise<BucketDifferences> {
    const at = (site: SiteName): Parameters<typeof compareBuckets>[0] => ({
      client: this.world[site].s3,
      bucket: this.buckets[site],
      prefix: this.prefixes[site],
    });
    return compareBuckets(at('source'), at('target'), { except });
  }

  /** That the target has what the source has, and nothing else: no records of ours, no unfinished uploads. */
  async expectEqual(objects: number, except?: readonly string[]): Promise<void> {
    expect(await this.compare(except)).toEqual({ equal: objects, missing: [], extra: [], different: [] });
    expect(await this.unfinishedUploads()).toEqual([]);
  }

  async unfinishedUploads(): Promise<{ key: string; uploadId: string }[]> {
    const { s3 } = this.world.target;
    const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket: this.buckets.target }));
    return Uploads.map(({ Key = '', UploadId = '' }) => ({ key: Key, uploadId: UploadId }));
  }

  /** The lines of failed.jsonl. */
  failed(stateDir = join(this.folder, '.dynaferry')): { key: string; code: string; reason: string }[] {
    const path = join(stateDir, this.yaml.name, 'failed.jsonl');
    if (!existsSync(path)) return [];
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
    return lines.map((line) => JSON.parse(line) as { key: string; code: string; reason: string });
  }

  /** SHA-256 of an object; undefined where there is none. */
  async digest(site: SiteName, key: string): Promise<string | undefined> {
    try {
      const answer = await this.world[site].s3.send(new GetObjectCommand({ Bucket: this.buckets[site], Key: key }));
      return digestOf((await answer.Body?.transformToByteArray()) ?? Buffer.alloc(0));
    } catch (error) {
      if (error instanceof Error && error.name === 'NoSuchKey') return undefined;
      throw error;
    }
  }

  /**
   * Looks at an object of the target each time that a request may have made one, before the program hears of it; keys whose content then was
   * none of what it may be are in the list that is returned.
   */
  watchTarget(isRight: (key: string, sha256: string) => boolean): { wrong: string[]; looks: () => number } {
    const wrong: string[] = [];
    let looks = 0;
    this.listeners.add(async ({ site, operation, moment, key }) => {
      if (site !== 'target' || moment !== 'answered' || key.includes('.dynaferry/')) return;
      if (operation !== 'PutObject' && operation !== 'CompleteMultipartUpload') return;
      const sha256 = await this.digest('target', key);
      if (sha256 === undefined) return;
      looks++;
      if (!isRight(key, sha256)) wrong.push(key);
    });
    return { wrong, looks: () => looks };
  }
}

export function digestOf(body: Uint8Array): string {
  return createHash('sha256').update(body).digest('hex');
}

export interface CopySummary {
  ok: boolean;
  listed: number;
  excluded: number;
  same: number;
  copied: number;
  toCopy: number;
  vanished: number;
  failed: number;
  archived: number;
  deleted: number;
  extra: number;
  bytes: number;
  seconds: number;
  error?: { code: string; message: string; fix: string };
}

/** What a run that came to its end says last. Every object of the source counts once. */
export function summaryOf(result: ProgramResult): CopySummary {
  const last = result.events.at(-1);
  if (last?.type !== 'copy-summary') throw new Error(`no summary but ${result.stdout}${result.stderr}`);
  const summary = last as unknown as CopySummary;
  const { listed, excluded, same, copied, toCopy, vanished, failed, archived } = summary;
  expect(listed).toBe(excluded + same + copied + toCopy + vanished + failed + archived);
  return summary;
}

/** The summary of a run in which all went well. */
export function expectCopied(result: ProgramResult, counts: Partial<CopySummary> = {}): CopySummary {
  const { code, stderr } = result;
  const error = result.events.at(-1)?.['error'];
  expect({ code, stderr, error }).toEqual({ code: 0, stderr: '', error: undefined });
  const summary = summaryOf(result);
  expect(summary).toMatchObject({ ok: true, failed: 0, archived: 0, toCopy: 0, ...counts });
  return summary;
}

/** The error that a run ended with. */
export function expectCopyFailure(result: ProgramResult, exitCode: number, code: string): { message: string } {
  const last = result.events.at(-1);
  const error = (last?.type === 'error' ? last : last?.['error']) as { code: string; message: string; fix: string };
  expect({ exitCode: result.code, code: error?.code }).toEqual({ exitCode, code });
  expect(error.message).toMatch(/\S/);
  expect(error.fix).toMatch(/\S/);
  expect(`${result.stdout}${result.stderr}`).not.toMatch(/\bat .*\.(?:js|ts):\d+/);
  return error;
}

function keyOf(path: string): string {
  const [, key = ''] = /^\/[^/?]+\/([^?]*)/.exec(path) ?? [];
  return decodeURIComponent(key);
}
