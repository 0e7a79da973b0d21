import type { AttributeType } from '../../model/attribute.ts';
import type { Finding } from '../../model/finding.ts';
import type { KeyAttribute, KeySchema } from '../../model/key.ts';

/** The catalog's name and version; both change only together with docs/formats/catalog.md. */
export const CATALOG_FORMAT = 'dynaferry-catalog';
export const CATALOG_VERSION = 1;

/** What is in a table: docs/formats/catalog.md describes it as a file. Holds no values of items unless examples were asked for. */
export interface Catalog {
  format: typeof CATALOG_FORMAT;
  version: typeof CATALOG_VERSION;
  /** ISO 8601, when the scan began. */
  inspectedAt: string;
  region: string;
  table: TableFacts;
  coverage: Coverage;
  items: ItemFacts;
  capacity: CapacityEstimate;
  /** Depth first, key attributes first, then by name. */
  paths: PathFacts[];
  /** Whether paths were left out because there were `max` already. */
  pathsLimit: { max: number; reached: boolean };
  findings: Finding[];
}

/** A setting that could be read, or that the credentials or the endpoint do not let us know; a finding says why. */
export type Known<T> = T | 'unknown';

/** The table's definition and settings. */
export interface TableFacts {
  name: string;
  arn?: string;
  status: string;
  key: KeySchema;
  indexes: IndexFacts[];
  billing: Billing;
  tableClass: string;
  ttl: Known<{ enabled: boolean; attribute?: string }>;
  stream: { enabled: boolean; view?: string };
  pointInTimeRecovery: Known<boolean>;
  /** 'aws-owned' is the key that costs nothing and that nobody sees; 'kms' one of the account. */
  encryption: { key: 'aws-owned' | 'kms'; arn?: string };
  deletionProtection: boolean;
  tags: Known<{ key: string; value: string }[]>;
  /** What DescribeTable says of items and size, which DynamoDB updates about every six hours. */
  described: { items: number; sizeBytes: number; updated: 'about every six hours' };
}

export interface Billing {
  mode: 'on-demand' | 'provisioned';
  /** Provisioned units per second, or the limit set on an on-demand table; absent where there is none. */
  readUnits?: number;
  writeUnits?: number;
}

export interface IndexFacts {
  name: string;
  kind: 'local' | 'global';
  /** Partition key attributes, then sort key attributes; a global index can have several of each. */
  partition: KeyAttribute[];
  sort: KeyAttribute[];
  projection: 'all' | 'keys' | 'some';
  /** The attributes that are projected besides the keys, where these are some. */
  projected?: string[];
  described: { items: number; sizeBytes: number };
}

/** What was read to make the catalog. */
export interface Coverage {
  /** 'full': every item. 'sample': some, from the beginnings of segments spread over the whole table. */
  kind: 'full' | 'sample';
  items: number;
  segments: number;
  /** Segments that were read, whole or their beginning. */
  segmentsRead: number;
  consistentRead: boolean;
  /** Bytes of DynamoDB JSON. */
  bytes: number;
  /** Read units that it cost. */
  readUnits: number;
}

/** Sizes by DynamoDB's rules, of the items that were read. */
export interface ItemFacts {
  sizeBytes: SizeFacts;
  sizeBytesTotal: number;
  /** Items above 90 % of DynamoDB's limit of 400 KB. */
  nearLimit: number;
  /** Sizes of the largest, largest first; with their keys only where examples were asked for. */
  largest: { sizeBytes: number; key?: Record<string, string> }[];
}

interface SizeFacts {
  min: number;
  mean: number;
  max: number;
}

/** What reading and writing the whole table costs, in units. Index writes come on top. */
export interface CapacityEstimate {
  /** Items that it is reckoned for: those read, after a full scan or where fewer are described; else as described. */
  items: number;
  itemsFrom: 'scan' | 'described';
  readUnitsConsistent: number;
  readUnitsEventual: number;
  writeUnits: number;
}

/** One attribute path. */
export interface PathFacts {
  /** As the filter grammar writes it; `tags[]` stands for the elements of a list, `sessions.*` for folded entries of a map. */
  path: string;
  /** Values seen by type. */
  types: Partial<Record<AttributeType, number>>;
  values: number;
  /** Items that have it, and their share of all that were read. Below a folded path an upper bound. */
  items: number;
  share: number;
  /** Of a value without its name. */
  sizeBytes: SizeFacts;
  /** Shares of the values: empty texts, binaries, lists and maps; NULLs. */
  emptyShare: number;
  nullShare: number;
  /** Whether names of map entries were folded into this path. */
  folded?: true;
  /** Only where asked for: distinct values, cut to 60 characters. */
  examples?: string[];
}
