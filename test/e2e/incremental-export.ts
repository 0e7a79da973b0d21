import { PutObjectCommand } from '@aws-sdk/client-s3';
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { WorldSite } from '../world/world-site.ts';
import type { WireItem } from '../world/wire-table.ts';

export interface IncrementalExportOptions {
  bucket: string;
  /** What the export was made under; ends in `/` or is empty. */
  prefix: string;
  id: string;
  /** The name of the table. */
  table: string;
  from: string;
  to: string;
  /** What the table held at these two moments; the key is `PK`. */
  before: readonly WireItem[];
  after: readonly WireItem[];
  view?: 'NEW_AND_OLD_IMAGES' | 'NEW_IMAGE';
  /** How many files the changes are dealt out to. */
  files?: number;
  /** Changes what a data file holds, before its checksum is taken. */
  change?: (lines: string, file: number) => string;
}

/**
 * An incremental export to S3 as DynamoDB itself writes it (developer guide, "DynamoDB table export output format"): each item that was changed once, its images at both ends of the
 * time; data files in a folder that all exports below the prefix share. Returns the export's folder.
 */
export async function putIncrementalExport(site: WorldSite, options: IncrementalExportOptions): Promise<string> {
  const { bucket, prefix, id, table, from, to, view = 'NEW_AND_OLD_IMAGES', files: count = 3 } = options;
  const folder = `${prefix}AWSDynamoDB/${id}/`;
  const put = (Key: string, content: Buffer | string) =>
    site.s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: Buffer.from(content as string) }));
  const lines = linesOf(options, view);
  let manifest = '';
  // One file more than there is anything for: partitions without changes have files, too.
  for (let file = 0; file <= count; file++) {
    const mine = file === count ? [] : lines.filter((_, n) => n % count === file);
    const text = mine.map((line) => `${line}\n`).join('');
    const body = gzipSync(options.change?.(text, file) ?? text);
    const key = `${prefix}AWSDynamoDB/data/${md5(Buffer.from(`${id}/${file}`), 'hex').slice(0, 26)}.json.gz`;
    await put(key, body);
    const entry = { itemCount: mine.length, md5Checksum: md5(body, 'base64'), etag: `${md5(body, 'hex')}-1` };
    manifest += `${JSON.stringify({ ...entry, dataFileS3Key: key })}\n`;
  }
  await put(`${folder}manifest-files.json`, manifest);
  await put(`${folder}manifest-files.md5`, md5(Buffer.from(manifest), 'base64'));
  const tableArn = `arn:aws:dynamodb:us-west-2:111122223333:table/${table}`;
  const summary = JSON.stringify({
    version: '2023-08-01',
    exportArn: `${tableArn}/export/${id}`,
    startTime: to,
    endTime: to,
    tableArn,
    tableId: '12345678-1234-1234-1234-123456789012',
    exportFromTime: from,
    exportToTime: to,
    s3Bucket: bucket,
    s3Prefix: prefix.replace(/\/$/, '') || null,
    s3SseAlgorithm: 'AES256',
    s3SseKmsKeyId: null,
    manifestFilesS3Key: `${folder}manifest-files.json`,
    billedSizeBytes: 10_000_000,
    itemCount: lines.length,
    outputFormat: 'DYNAMODB_JSON',
    outputView: view,
    exportType: 'INCREMENTAL_EXPORT',
  });
  await put(`${folder}manifest-summary.json`, summary);
  await put(`${folder}manifest-summary.md5`, md5(Buffer.from(summary), 'base64'));
  return folder;
}

function linesOf({ before, after, to }: IncrementalExportOptions, view: string): string[] {
  const pk = (item: WireItem): string => JSON.stringify(item['PK']);
  const [was, is] = [before, after].map((items) => new Map(items.map((item) => [pk(item), item])));
  const changed = [...new Set([...was.keys(), ...is.keys()])].filter(
    (key) => JSON.stringify(was.get(key)) !== JSON.stringify(is.get(key)),
  );
  return changed.map((key) => {
    const old = was.get(key);
    const now = is.get(key);
    return JSON.stringify({
      Metadata: { WriteTimestampMicros: { N: String(Date.parse(to) * 1000 - 1) } },
      Keys: { PK: (now ?? old)?.['PK'] },
      ...(now && { NewImage: now }),
      ...(old && view === 'NEW_AND_OLD_IMAGES' && { OldImage: old }),
    });
  });
}

function md5(bytes: Buffer, encoding: 'base64' | 'hex'): string {
  return createHash('md5').update(bytes).digest(encoding);
}
