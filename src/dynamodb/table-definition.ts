import { DynaferryError } from '../model/errors.ts';
import type { Finding } from '../model/finding.ts';
import type { KeyType } from '../model/key.ts';
import {
  isOnDemand,
  type IndexDescription,
  type KeyElement,
  type OnDemandLimits,
  type Projection,
  type TableDescription,
  type Tag,
  type Throughput,
} from './table.ts';

/** A secondary index as CreateTable takes it. */
export interface IndexDefinition {
  IndexName: string;
  KeySchema: KeyElement[];
  Projection: Projection;
  ProvisionedThroughput?: Throughput;
  OnDemandThroughput?: OnDemandLimits;
}

/** The input of CreateTable (API_CreateTable), as far as dynaferry sets it. */
export interface TableDefinition {
  TableName: string;
  KeySchema: KeyElement[];
  AttributeDefinitions: { AttributeName: string; AttributeType: KeyType }[];
  BillingMode: 'PROVISIONED' | 'PAY_PER_REQUEST';
  ProvisionedThroughput?: Throughput;
  OnDemandThroughput?: OnDemandLimits;
  LocalSecondaryIndexes?: IndexDefinition[];
  GlobalSecondaryIndexes?: IndexDefinition[];
  StreamSpecification?: { StreamEnabled: true; StreamViewType: string };
  SSESpecification?: { Enabled: true; SSEType: 'KMS' };
  TableClass?: string;
  DeletionProtectionEnabled?: boolean;
  Tags?: Tag[];
}

/** How the target table differs from the source table. */
export interface TargetTable {
  table: string;
  /** The source table's tags, which its description does not hold. */
  tags?: readonly Tag[];
  /**
   * What the policy makes of a source attribute: its name at the target and, where a rule changes it, its type there; undefined where it is dropped.
   * Without it all attributes stay as they are.
   */
  attribute?: (name: string) => { name: string; type?: KeyType } | undefined;
}

/**
 * The definition of a table like the source, with key and index attributes named and typed as the policy leaves them. What cannot be carried over is left
 * out with a finding. Throws RULE_ON_KEY where the policy drops an attribute of the primary key.
 */
export function definitionLike(
  source: TableDescription,
  target: TargetTable,
): { definition: TableDefinition; findings: Finding[] } {
  const findings: Finding[] = [];
  const attributes = new KeyAttributes(source, target.attribute);
  const key = attributes.keySchema(source.KeySchema);
  if (key === undefined)
    throw new DynaferryError(
      'RULE_ON_KEY',
      `the policy drops a key attribute of ${source.TableName}: ${source.KeySchema.map((one) => one.AttributeName).join(', ')}`,
    );
  const indexes = (list: readonly IndexDescription[] | undefined): IndexDefinition[] | undefined => {
    const kept = (list ?? []).flatMap((index) => indexLike(index, source, attributes, findings));
    return kept.length === 0 ? undefined : kept;
  };
  const local = indexes(source.LocalSecondaryIndexes);
  const global = indexes(source.GlobalSecondaryIndexes);
  const definition: TableDefinition = {
    TableName: target.table,
    KeySchema: key,
    AttributeDefinitions: attributes.definitions(),
    ...billingLike(source),
    ...(local && { LocalSecondaryIndexes: local }),
    ...(global && { GlobalSecondaryIndexes: global }),
    ...settingsLike(source),
    ...tagsLike(target.tags ?? []),
  };
  findings.push(...settingFindings(source, target));
  return { definition, findings };
}

/** Follows key attributes through the policy, and gathers the types of those that are used. */
class KeyAttributes {
  readonly #source: TableDescription;
  readonly #attribute: NonNullable<TargetTable['attribute']>;
  readonly #used = new Map<string, KeyType>();

  constructor(source: TableDescription, attribute: TargetTable['attribute'] = (name) => ({ name })) {
    this.#source = source;
    this.#attribute = attribute;
  }

  /** The key at the target; undefined where one of its attributes is dropped. */
  keySchema(elements: readonly KeyElement[]): KeyElement[] | undefined {
    const mapped = elements.map((element) => ({ element, to: this.#attribute(element.AttributeName) }));
    if (mapped.some(({ to }) => to === undefined)) return undefined;
    return mapped.map(({ element, to }) => {
      const name = to?.name ?? element.AttributeName;
      this.#used.set(name, to?.type ?? this.#sourceType(element.AttributeName));
      return { AttributeName: name, KeyType: element.KeyType };
    });
  }

  /** Names at the target of those attributes that are not dropped. */
  names(names: readonly string[]): string[] {
    return names.flatMap((name) => this.#attribute(name)?.name ?? []);
  }

  /** DynamoDB refuses definitions of attributes that no key uses. */
  definitions(): TableDefinition['AttributeDefinitions'] {
    return [...this.#used].map(([AttributeName, AttributeType]) => ({ AttributeName, AttributeType }));
  }

  #sourceType(name: string): KeyType {
    const definition = this.#source.AttributeDefinitions.find((one) => one.AttributeName === name);
    if (definition === undefined)
      throw new DynaferryError('INTERNAL', `table ${this.#source.TableName} is described without the type of ${name}`);
    return definition.AttributeType;
  }
}

function indexLike(
  index: IndexDescription,
  source: TableDescription,
  attributes: KeyAttributes,
  findings: Finding[],
): IndexDefinition[] {
  const key = attributes.keySchema(index.KeySchema);
  if (key === undefined) {
    findings.push({
      severity: 'warning',
      code: 'INDEX_LEFT_OUT',
      message: `The index ${index.IndexName} is not created: the policy drops an attribute of its key (${index.KeySchema.map((one) => one.AttributeName).join(', ')}).`,
      fix: 'Keep or rename that attribute in the policy if the target needs the index.',
    });
    return [];
  }
  const isGlobal = source.GlobalSecondaryIndexes?.includes(index) === true;
  const capacity = !isGlobal ? {} : isOnDemand(source) ? onDemand(index.OnDemandThroughput) : provisioned(index);
  return [
    {
      IndexName: index.IndexName,
      KeySchema: key,
      Projection: projectionLike(index.Projection, attributes),
      ...capacity,
    },
  ];
}

function projectionLike(projection: Projection, attributes: KeyAttributes): Projection {
  if (projection.ProjectionType !== 'INCLUDE') return { ProjectionType: projection.ProjectionType ?? 'ALL' };
  const names = attributes.names(projection.NonKeyAttributes ?? []);
  return names.length === 0 ? { ProjectionType: 'KEYS_ONLY' } : { ProjectionType: 'INCLUDE', NonKeyAttributes: names };
}

function billingLike(
  source: TableDescription,
): Pick<TableDefinition, 'BillingMode' | 'ProvisionedThroughput' | 'OnDemandThroughput'> {
  return isOnDemand(source)
    ? { BillingMode: 'PAY_PER_REQUEST', ...onDemand(source.OnDemandThroughput) }
    : { BillingMode: 'PROVISIONED', ...provisioned(source) };
}

function provisioned(described: { ProvisionedThroughput?: Throughput }): { ProvisionedThroughput: Throughput } {
  const { ReadCapacityUnits = 1, WriteCapacityUnits = 1 } = described.ProvisionedThroughput ?? {};
  return { ProvisionedThroughput: { ReadCapacityUnits, WriteCapacityUnits } };
}

function onDemand(limits: OnDemandLimits | undefined): { OnDemandThroughput?: OnDemandLimits } {
  const { MaxReadRequestUnits: read = -1, MaxWriteRequestUnits: write = -1 } = limits ?? {};
  return read <= 0 && write <= 0
    ? {}
    : { OnDemandThroughput: { MaxReadRequestUnits: read, MaxWriteRequestUnits: write } };
}

function settingsLike(source: TableDescription): Partial<TableDefinition> {
  const stream = source.StreamSpecification;
  const tableClass = source.TableClassSummary?.TableClass;
  return {
    ...(stream?.StreamEnabled === true && {
      StreamSpecification: { StreamEnabled: true, StreamViewType: stream.StreamViewType ?? 'NEW_AND_OLD_IMAGES' },
    }),
    // Without a key's name DynamoDB takes the account's own aws/dynamodb.
    ...(usesKms(source) && { SSESpecification: { Enabled: true, SSEType: 'KMS' } }),
    ...(tableClass !== undefined && tableClass !== 'STANDARD' && { TableClass: tableClass }),
    ...(source.DeletionProtectionEnabled === true && { DeletionProtectionEnabled: true }),
  };
}

/** Whether the table is encrypted with a KMS key of its account rather than with AWS's own key. */
export function usesKms(table: TableDescription): boolean {
  const status = table.SSEDescription?.Status;
  return status === 'ENABLED' || status === 'UPDATING' || status === 'ENABLING';
}

/** Tags that AWS sets itself (CloudFormation and others) cannot be set by anyone else. */
const RESERVED_TAG = /^aws:/i;

function tagsLike(tags: readonly Tag[]): { Tags?: Tag[] } {
  const own = tags.filter((tag) => !RESERVED_TAG.test(tag.Key));
  return own.length === 0 ? {} : { Tags: own };
}

function settingFindings(source: TableDescription, { tags = [] }: TargetTable): Finding[] {
  const findings: Finding[] = [];
  if (usesKms(source))
    findings.push({
      severity: 'note',
      code: 'ENCRYPTION_KEY_DEFAULT',
      message: `The source is encrypted with ${source.SSEDescription?.KMSMasterKeyArn ?? 'a KMS key'}, which does not exist at the target; the target uses its account's key aws/dynamodb.`,
      fix: 'Set a key of the target account on the table if it must be one of your own (`aws dynamodb update-table --sse-specification`).',
    });
  if (!isOnDemand(source))
    findings.push({
      severity: 'note',
      code: 'AUTO_SCALING_NOT_COPIED',
      message:
        'The target gets the units that the source has now; auto scaling is not part of a table and is not copied.',
      fix: 'Register the target with Application Auto Scaling if the source is.',
    });
  const reserved = tags.filter((tag) => RESERVED_TAG.test(tag.Key)).map((tag) => tag.Key);
  if (reserved.length > 0)
    findings.push({
      severity: 'note',
      code: 'TAGS_LEFT_OUT',
      message: `Tags that only AWS can set are not copied: ${reserved.join(', ')}.`,
      fix: 'None is needed.',
    });
  return findings;
}
