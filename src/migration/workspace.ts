import { join } from 'node:path';
import { endlessRetryPolicy } from '../aws/retry.ts';
import { openSite, type Site } from '../aws/site.ts';
import type { ClientOptions } from '../aws/signed-client.ts';
import { MARK } from '../conflict/mark.ts';
import { DynamoDbClient } from '../dynamodb/client.ts';
import { describeTable, keySchemaOf, type TableDescription } from '../dynamodb/table.ts';
import { StreamsClient } from '../dynamodb/streams.ts';
import { BufferBudget } from '../engine/buffer-budget.ts';
import { ChangeLedger } from '../engine/change-ledger.ts';
import { ConnectionGate } from '../engine/connection-gate.ts';
import { Ledger } from '../engine/ledger.ts';
import type { Pacer } from '../engine/pacer.ts';
import type { StageContext } from '../engine/stage-context.ts';
import { DynaferryError } from '../model/errors.ts';
import type { StageName } from '../model/events.ts';
import type { KeySchema } from '../model/key.ts';
import { compilePolicy } from '../policy/compile-policy.ts';
import type { Policy } from '../policy/policy.ts';
import { keysFrom } from '../policy/read-key.ts';
import { noPolicyHash, policySpecHash } from '../policy/spec-hash.ts';
import { functionsFrom } from '../policy/user-function.ts';
import { S3Bucket } from '../s3/bucket.ts';
import { NativeSource } from '../stages/export/native-source.ts';
import { ExportLayout } from '../staging/layout.ts';
import type { MigrationFile } from './file/migration-file.ts';
import { lazy } from './lazy.ts';
import { Limits } from './limits.ts';

/** Requests of the transfer under way at once, and bytes of parts that it holds. */
const TRANSFER_CONNECTIONS = { min: 4, max: 64 };
const TRANSFER_MEMORY_BYTES = 256 * 1024 * 1024;

/** Of clients whose work has no end. */
const LASTING: ClientOptions = { retryOnceAnswered: endlessRetryPolicy };

/** What a workspace is opened with. */
export interface WorkspaceOptions {
  /** The folder that paths in the file count from. */
  folder: string;
  /** Where ledgers are kept; the migration's own is a folder of its name in it. */
  stateFolder: string;
  limits: Limits;
  context: StageContext;
  env: Readonly<Record<string, string | undefined>>;
}

/** Counts of what clients met, by stage. */
export type RetryCounter = (stage: StageName, error: DynaferryError) => void;

/**
 * What the stages of one migration work with: clients, tables, policy, ledger. Everything is made at its first use, so that a
 * stage that needs one site never asks for the other's credentials.
 */
export class Workspace {
  readonly file: MigrationFile;
  readonly options: WorkspaceOptions;
  /** Of the policy as written. */
  readonly policyHash: string;
  readonly policyIsEmpty: boolean;
  readonly stateFolder: string;
  readonly source: Site;
  readonly target: Site;
  #isClosed = false;
  #ledger: Ledger | undefined;
  #changeLedger: ChangeLedger | undefined;
  readonly #closing: (() => Promise<void> | void)[] = [];
  readonly #pacers = new Map<Site['role'], Pacer>();
  #onRetry: RetryCounter = () => undefined;

  /** Throws POLICY_INVALID where the filter is not valid. */
  constructor(file: MigrationFile, options: WorkspaceOptions) {
    this.file = file;
    this.options = options;
    this.policyHash = policySpecHash(file.policy);
    this.policyIsEmpty = this.policyHash === noPolicyHash;
    this.stateFolder = join(options.stateFolder, file.name);
    this.source = openSite('source', file.source, options.env);
    this.target = openSite('target', file.target, options.env);
  }

  /** The ledger of this machine, made where there is none yet. Throws LOCAL_DISK where that is not possible. */
  get ledger(): Ledger {
    if (this.#ledger === undefined) {
      this.#refuseWhenClosed();
      const opened = Ledger.open(this.stateFolder);
      this.#ledger = opened;
      this.#closing.push(() => opened.close());
    }
    return this.#ledger;
  }

  /** Looks at the ledger without making one. */
  peekLedger<T>(look: (ledger: Ledger) => T): T {
    if (this.#ledger !== undefined) return look(this.#ledger);
    const ledger = Ledger.peek(this.stateFolder);
    try {
      return look(ledger);
    } finally {
      ledger.close();
    }
  }

  /** The ledger of changes of this machine, made where there is none yet. Throws LOCAL_DISK where that is not possible. */
  get changeLedger(): ChangeLedger {
    if (this.#changeLedger === undefined) {
      this.#refuseWhenClosed();
      const opened = ChangeLedger.open(this.stateFolder);
      this.#changeLedger = opened;
      this.#closing.push(() => opened.close());
    }
    return this.#changeLedger;
  }

  /** Looks at the ledger of changes without making one. */
  peekChangeLedger<T>(look: (ledger: ChangeLedger) => T): T {
    if (this.#changeLedger !== undefined) return look(this.#changeLedger);
    const ledger = ChangeLedger.peek(this.stateFolder);
    try {
      return look(ledger);
    } finally {
      ledger.close();
    }
  }

  /** Slows the pacer down whenever DynamoDB throttles a request at that site, in place of the pacer that was named before. */
  throttled(site: Site['role'], pacer: Pacer): void {
    this.#pacers.set(site, pacer);
  }

  /** Hears of every failed request that is tried again. */
  set onRetry(listener: RetryCounter) {
    this.#onRetry = listener;
  }

  readonly sourceDynamoDb = lazy(async () => this.#dynamoDb(this.source, 'export'));
  readonly targetDynamoDb = lazy(async () => this.#dynamoDb(this.target, 'load'));
  readonly sourceBucket = lazy(async () => this.#bucket(this.source, this.file.source.staging.bucket, 'export'));
  readonly targetBucket = lazy(async () => this.#bucket(this.target, this.file.target.staging.bucket, 'transfer'));

  /** What a capture reads and writes with: clients that wait for the site however long it is away, since a capture goes on for months. */
  readonly sourceStreams = lazy(async (): Promise<StreamsClient> => {
    const streams = new StreamsClient(this.source, { ...this.#clientOptions('capture'), ...LASTING });
    this.#closing.push(() => streams.close());
    return streams;
  });
  readonly captureBucket = lazy(async () =>
    this.#bucket(this.source, this.file.source.staging.bucket, 'capture', LASTING),
  );
  /** What a capture settles writes with in the source's own table, where changes go both ways. */
  readonly captureDynamoDb = lazy(async () => this.#dynamoDb(this.source, 'capture', LASTING));
  /** The same of the other end: what changes are applied with. */
  readonly applyDynamoDb = lazy(async () => this.#dynamoDb(this.target, 'apply', LASTING));
  readonly applyBucket = lazy(async () => this.#bucket(this.target, this.file.target.staging.bucket, 'apply', LASTING));

  /** What carries objects from staging to staging: clients of its own, since it finds the number of connections from what moves over them. */
  link(stage: 'transfer' | 'transfer-changes'): {
    source: S3Bucket;
    target: S3Bucket;
    gate: ConnectionGate;
    memory: BufferBudget;
  } {
    const gate = new ConnectionGate(TRANSFER_CONNECTIONS);
    this.#closing.push(() => gate.close());
    const options = { gate, ...(stage === 'transfer-changes' && LASTING) };
    return {
      source: this.#bucket(this.source, this.file.source.staging.bucket, stage, options),
      target: this.#bucket(this.target, this.file.target.staging.bucket, stage, options),
      gate,
      memory: new BufferBudget(TRANSFER_MEMORY_BYTES),
    };
  }

  /** The source table, or the table that a native export is of; undefined where that is not to be had. */
  readonly sourceTable = lazy(async (): Promise<TableDescription | undefined> => {
    const { input } = this.file.source;
    const { signal } = this.options.context;
    if ('table' in input) return describeTable(await this.sourceDynamoDb(), input.table, signal);
    return undefined;
  });

  /** The native export that is read instead of a table. */
  readonly nativeExport = lazy(async (): Promise<NativeSource | undefined> => {
    const { input } = this.file.source;
    if ('table' in input) return undefined;
    const bucket = await this.exportBucket(input.export.bucket);
    return NativeSource.open(bucket, new ExportLayout(input.export.prefix), this.options.context.signal);
  });

  /** A bucket at the source that DynamoDB has exported to. */
  async exportBucket(name: string): Promise<S3Bucket> {
    return name === this.file.source.staging.bucket ? this.sourceBucket() : this.#bucket(this.source, name, 'export');
  }

  /** The target table; throws TABLE_NOT_FOUND where there is none. */
  async targetTable(): Promise<TableDescription> {
    return describeTable(await this.targetDynamoDb(), this.file.target.table, this.options.context.signal);
  }

  /** The key of the items before the policy. */
  readonly sourceKey = lazy(async (): Promise<KeySchema> => {
    const table = await this.sourceTable();
    if (table !== undefined) return keySchemaOf(table);
    // An export does not say what its key is; the target's, taken back through the renames, does.
    const target = keySchemaOf(await this.targetTable());
    const before = <T extends { name: string } | undefined>(attribute: T): T => {
      if (attribute === undefined) return attribute;
      const rule = Object.entries(this.file.policy.attributes).find(
        ([, spec]) => typeof spec === 'object' && spec.rename === attribute.name,
      );
      return rule === undefined ? attribute : { ...attribute, name: rule[0] };
    };
    return { partition: before(target.partition), ...(target.sort && { sort: before(target.sort) }) };
  });

  /** The compiled policy; needs its keys and functions, so it is for the source's side. */
  readonly policy = lazy(async (): Promise<Policy> => {
    const { folder, env } = this.options;
    const keySchema = await this.sourceKey();
    const { conflict } = this.file.replicate;
    return compilePolicy(this.file.policy, {
      readKey: keysFrom(env, folder),
      loadFunction: functionsFrom(folder),
      keySchema,
      ...(conflict === 'managed' ? { ours: MARK } : conflict && { namesBesides: [conflict.version, conflict.origin] }),
    });
  });

  /** The key of the items after the policy. Throws RULE_ON_KEY where the policy leaves none. */
  readonly keyAtTarget = lazy(async (): Promise<KeySchema> => {
    const policy = await this.policy();
    const { partition, sort } = await this.sourceKey();
    const after = (attribute: KeySchema['partition']): KeySchema['partition'] => {
      const there = policy.keyAttributeAtTarget(attribute);
      if (there === undefined)
        throw new DynaferryError(
          'RULE_ON_KEY',
          `the policy drops the key attribute ${attribute.name}, or makes something of it that cannot be a key`,
        );
      return there;
    };
    return { partition: after(partition), ...(sort && { sort: after(sort) }) };
  });

  /** The migration's own prefix below a site's staging: many migrations share one staging path. */
  prefix(site: 'source' | 'target'): string {
    return `${this.file[site].staging.prefix}${this.file.name}/`;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#ledger = undefined;
    this.#changeLedger = undefined;
    for (const close of this.#closing.splice(0).toReversed()) await close();
  }

  #refuseWhenClosed(): void {
    if (this.#isClosed)
      throw new DynaferryError('USAGE', `migration '${this.file.name}' is closed`, { fix: 'Open it again.' });
  }

  #dynamoDb(site: Site, stage: StageName, more: ClientOptions = {}): DynamoDbClient {
    const options = this.#clientOptions(stage, (error) => {
      if (error.retry === 'throttle') this.#pacers.get(site.role)?.throttled();
    });
    const client = new DynamoDbClient(site, { ...options, ...more });
    this.#closing.push(() => client.close());
    return client;
  }

  #bucket(
    site: Site,
    name: string,
    stage: StageName,
    { gate, ...more }: ClientOptions & { gate?: ConnectionGate } = {},
  ): S3Bucket {
    const bucket = new S3Bucket(site, name, {
      ...this.#clientOptions(stage, (error) => gate?.failed(error)),
      ...(gate && {
        connectionsMax: TRANSFER_CONNECTIONS.max,
        onMoved: (bytes: number) => gate.moved(site.role === 'source' ? 'in' : 'out', bytes),
      }),
      ...more,
    });
    this.#closing.push(() => bucket.close());
    return bucket;
  }

  #clientOptions(stage: StageName, heed: (error: DynaferryError) => void = () => undefined): ClientOptions {
    const { migration, onEvent } = this.options.context;
    let toldUnreachable = false;
    return {
      onRetry: (error) => {
        // Trying goes on for half a minute before anything else is heard of it.
        if (error.code === 'UNREACHABLE' && !toldUnreachable) {
          toldUnreachable = true;
          onEvent({ type: 'notice', migration, level: 'warning', message: `${error.message}; trying again` });
        }
        heed(error);
        this.#onRetry(stage, error);
      },
    };
  }
}
