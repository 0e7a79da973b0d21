import type { AttributeType } from '../../model/attribute.ts';
import type { Finding } from '../../model/finding.ts';
import type { KeyAttribute } from '../../model/key.ts';
import type { Catalog, Coverage, IndexFacts, Known, PathFacts, TableFacts } from './catalog.ts';
import { printable, textTable, wrap } from './text-table.ts';

/** Columns of a terminal that the text keeps within. */
const WIDTH = 110;
const TYPES_WIDTH = 20;

/** The catalog for people to read on a terminal, without colours; ends in a line break. */
export function renderCatalog(catalog: Catalog): string {
  const sections = [
    heading(catalog),
    facts(catalog),
    indexes(catalog.table.indexes),
    paths(catalog),
    findings(catalog.findings),
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

function heading({ table, region, coverage }: Catalog): string[] {
  return [printable(`Table ${table.name} in ${region}`), coverageText(coverage)];
}

function coverageText({ kind, items, segments, segmentsRead, consistentRead, bytes, readUnits }: Coverage): string {
  const what =
    kind === 'full'
      ? `Full scan: all ${count(items)} items`
      : `Sample: ${count(items)} items from ${count(segmentsRead)} of ${count(segments)} segments`;
  const how = consistentRead ? 'consistent' : 'eventually consistent';
  return `${what}, ${size(bytes)} of JSON, ${count(Math.ceil(readUnits))} read units (${how} reads)`;
}

function facts({ table, items, capacity }: Catalog): string[] {
  const { mean, max, min } = items.sizeBytes;
  const about = capacity.itemsFrom === 'scan' ? '' : 'about ';
  const rows: [string, string][] = [
    [
      'key',
      [table.key.partition, table.key.sort]
        .filter((one) => one !== undefined)
        .map(typed)
        .join(', '),
    ],
    ['billing', billingText(table)],
    ['table class', table.tableClass],
    ['TTL', state(table.ttl, (ttl) => (ttl.enabled ? `on, by ${ttl.attribute}` : 'off'))],
    ['stream', table.stream.enabled ? (table.stream.view ?? 'on') : 'off'],
    ['point-in-time recovery', state(table.pointInTimeRecovery, (on) => (on ? 'on' : 'off'))],
    ['encryption', table.encryption.key === 'kms' ? `KMS ${table.encryption.arn ?? ''}`.trimEnd() : 'key owned by AWS'],
    ['deletion protection', table.deletionProtection ? 'on' : 'off'],
    ['tags', state(table.tags, (tags) => tags.map((tag) => `${tag.key}=${tag.value}`).join(', ') || 'none')],
    [
      'as described',
      `${count(table.described.items)} items, ${size(table.described.sizeBytes)} (DynamoDB updates this ${table.described.updated})`,
    ],
    [
      'item size',
      `min ${size(min)}, mean ${size(mean)}, max ${size(max)}; ${count(items.nearLimit)} near the limit of 400 KB`,
    ],
    ['largest items', largestText(items) || 'none'],
    [
      'cost of a full read',
      `${about}${count(capacity.readUnitsEventual)} read units, ${count(capacity.readUnitsConsistent)} with consistent reads`,
    ],
    ['cost of writing all', `${about}${count(capacity.writeUnits)} write units, indexes not counted`],
  ];
  const label = Math.max(...rows.map(([name]) => name.length)) + 2;
  return rows.flatMap(([name, value]) =>
    wrap(printable(value), WIDTH - 2 - label).map((line, i) => `  ${(i === 0 ? name : '').padEnd(label)}${line}`),
  );
}

const LARGEST_SHOWN = 5;

function largestText({ largest }: Catalog['items']): string {
  const keyText = (key: Record<string, string>): string =>
    ` (${Object.entries(key)
      .map(([name, value]) => `${name}=${value}`)
      .join(', ')})`;
  return largest
    .slice(0, LARGEST_SHOWN)
    .map(({ sizeBytes, key }) => size(sizeBytes) + (key === undefined ? '' : keyText(key)))
    .join(', ');
}

function billingText({ billing }: TableFacts): string {
  const { mode, readUnits, writeUnits } = billing;
  if (mode === 'provisioned')
    return `provisioned, ${count(readUnits ?? 0)} read and ${count(writeUnits ?? 0)} write units`;
  const limits = [
    readUnits === undefined ? [] : `reads limited to ${count(readUnits)} units`,
    writeUnits === undefined ? [] : `writes limited to ${count(writeUnits)} units`,
  ].flat();
  return ['on-demand', ...limits].join(', ');
}

function indexes(list: readonly IndexFacts[]): string[] {
  if (list.length === 0) return ['Indexes: none'];
  const lines = textTable(
    [
      { title: 'index', widthMax: 30 },
      { title: 'kind' },
      { title: 'key', widthMax: 36 },
      { title: 'projection', widthMax: 24 },
      { title: 'items', align: 'right' },
    ],
    list.map((index) => [
      index.name,
      index.kind,
      [...index.partition, ...index.sort].map(typed).join(', '),
      index.projection === 'some' ? (index.projected ?? []).join(', ') : index.projection,
      count(index.described.items),
    ]),
  );
  return ['Indexes', ...lines.map((line) => `  ${line}`)];
}

function paths({ paths: list, pathsLimit, coverage }: Catalog): string[] {
  if (list.length === 0) return ['Attributes: none'];
  const withExamples = list.some((path) => path.examples !== undefined);
  const columns = [
    { title: 'path', widthMax: withExamples ? 22 : 40 },
    { title: 'types', widthMax: TYPES_WIDTH },
    { title: 'items', align: 'right' },
    { title: 'share', align: 'right' },
    { title: 'bytes min', align: 'right' },
    { title: 'mean', align: 'right' },
    { title: 'max', align: 'right' },
    { title: 'empty', align: 'right' },
    { title: 'null', align: 'right' },
    ...(withExamples ? [{ title: 'examples', widthMax: 24 }] : []),
  ] as const;
  const lines = textTable(
    columns,
    list.map((path) => [...pathCells(path), ...(withExamples ? [(path.examples ?? []).join(' | ')] : [])]),
  );
  const of = coverage.kind === 'full' ? 'all items' : 'the sample';
  const cut = pathsLimit.reached ? `, the first ${count(pathsLimit.max)} paths` : '';
  return [`Attributes of ${of}${cut}`, ...lines.map((line) => `  ${line}`)];
}

function pathCells(path: PathFacts): string[] {
  const { min, mean, max } = path.sizeBytes;
  return [
    path.path,
    typesText(path.types, TYPES_WIDTH),
    count(path.items),
    percent(path.share),
    count(min),
    count(Math.round(mean)),
    count(max),
    percent(path.emptyShare),
    percent(path.nullShare),
  ];
}

/** Types with their shares, most frequent first; without shares where there is one only, or too many to show them. */
function typesText(types: PathFacts['types'], widthMax: number): string {
  const entries = Object.entries(types) as [AttributeType, number][];
  const total = entries.reduce((sum, [, values]) => sum + values, 0);
  const names = entries.map(([type]) => type).join(', ');
  if (entries.length === 1) return names;
  const shares = entries.map(([type, values]) => `${type} ${percent(values / total)}`).join(', ');
  return shares.length <= widthMax ? shares : names;
}

function findings(list: readonly Finding[]): string[] {
  if (list.length === 0) return ['Findings: none'];
  const lines = list.flatMap(({ severity, code, message, fix }) => [
    ...indented(`${severity} ${code}: ${message}`, 2, 4),
    ...indented(fix, 4, 4),
  ]);
  return ['Findings', ...lines];
}

function indented(text: string, first: number, rest: number): string[] {
  return wrap(printable(text), WIDTH - rest).map((line, i) => ' '.repeat(i === 0 ? first : rest) + line);
}

function typed({ name, type }: KeyAttribute): string {
  return `${name} (${type})`;
}

function state<T>(value: Known<T>, text: (value: T) => string): string {
  return value === 'unknown' ? 'unknown' : text(value);
}

function count(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 0 });
}

/** A share that is not 0 or all is never shown as such. */
function percent(share: number): string {
  if (share === 0) return '0%';
  if (share === 1) return '100%';
  if (share < 0.001) return '<0.1%';
  if (share > 0.999) return '>99.9%';
  return `${(share * 100).toFixed(1)}%`;
}

function size(bytes: number): string {
  if (bytes < 1024) return `${Math.round(bytes)} bytes`;
  const units = ['KB', 'MB', 'GB', 'TB'];
  let value = bytes / 1024;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value.toFixed(1)} ${units[unit]}`;
}
