import { DynamoDbError } from './errors.ts';

interface Tag {
  readonly Key: string;
  readonly Value: string;
}

/** The members of requests about settings that are read here. */
interface SettingsInput {
  readonly TableName?: string;
  readonly ResourceArn?: string;
  readonly Tags?: readonly Tag[];
  readonly TagKeys?: readonly string[];
  readonly TimeToLiveSpecification?: { readonly AttributeName: string; readonly Enabled: boolean };
}

interface Settings {
  ttlAttribute: string | undefined;
  readonly tags: Map<string, string>;
}

/** The operations that are answered here; the table is known to exist. */
const operations: Readonly<Record<string, (settings: Settings, input: SettingsInput) => object>> = {
  DescribeTimeToLive: ({ ttlAttribute }) => ({
    TimeToLiveDescription:
      ttlAttribute === undefined
        ? { TimeToLiveStatus: 'DISABLED' }
        : { TimeToLiveStatus: 'ENABLED', AttributeName: ttlAttribute },
  }),
  UpdateTimeToLive: updateTimeToLive,
  DescribeContinuousBackups: () => ({
    ContinuousBackupsDescription: {
      ContinuousBackupsStatus: 'ENABLED',
      PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus: 'DISABLED' },
    },
  }),
  ListTagsOfResource: ({ tags }) => ({ Tags: [...tags].map(([Key, Value]) => ({ Key, Value })) }),
  TagResource: (settings, { Tags = [] }) => {
    for (const { Key, Value } of Tags) settings.tags.set(Key, Value);
    return {};
  },
  UntagResource: (settings, { TagKeys = [] }) => {
    for (const key of TagKeys) settings.tags.delete(key);
    return {};
  },
};

function updateTimeToLive(settings: Settings, { TimeToLiveSpecification: wanted }: SettingsInput): object {
  if (wanted === undefined) throw new DynamoDbError('ValidationException', 'TimeToLiveSpecification is missing');
  const isEnabled = settings.ttlAttribute !== undefined;
  if (wanted.Enabled === isEnabled)
    throw new DynamoDbError('ValidationException', `TimeToLive is already ${isEnabled ? 'enabled' : 'disabled'}`);
  settings.ttlAttribute = wanted.Enabled ? wanted.AttributeName : undefined;
  return { TimeToLiveSpecification: wanted };
}

/**
 * What dynalite does not keep of a table: time to live, which is described and never deletes anything, and tags, which dynalite
 * mixes up with what else it stores. Backups are never on.
 */
export class TableSettings {
  readonly #byTable = new Map<string, Settings>();

  /** Whether the operation is answered here. */
  answers(operation: string): boolean {
    return Object.hasOwn(operations, operation);
  }

  /** The table that the request is about, by name or ARN; empty where it names none. */
  static tableOf(input: SettingsInput): string {
    return input.TableName ?? input.ResourceArn?.replace(/^.*:table\//, '') ?? '';
  }

  /** The output of an operation on a table that exists. Throws DynamoDbError. */
  answer(operation: string, input: SettingsInput): object {
    return operations[operation](this.#of(TableSettings.tableOf(input)), input);
  }

  created(input: SettingsInput): void {
    const { tags } = this.#of(TableSettings.tableOf(input));
    for (const { Key, Value } of input.Tags ?? []) tags.set(Key, Value);
  }

  deleted(input: SettingsInput): void {
    this.#byTable.delete(TableSettings.tableOf(input));
  }

  #of(table: string): Settings {
    let settings = this.#byTable.get(table);
    if (settings === undefined) this.#byTable.set(table, (settings = { ttlAttribute: undefined, tags: new Map() }));
    return settings;
  }
}
