import { PutObjectCommand } from '@aws-sdk/client-s3';
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { WorldSite } from '../world/world-site.ts';

export interface NativeExportOptions {
  bucket: string;
  /** What the export was made under; ends in `/` or is empty. */
  prefix: string;
  /** Where it lies now, if somebody copied it: everything is there, and the manifests still say the old keys. */
  movedTo?: string;
  /** Items of each data file, as DynamoDB JSON; an empty list makes the file of an empty partition. */
  files: readonly (readonly string[])[];
  /** Changes a data file's bytes after its checksum was taken. */
  damage?: (body: Buffer, file: number) => Buffer | undefined;
  /** Changes what the manifest says of a data file, before the manifest's own checksum is taken. */
  change?: (entry: ManifestEntry, file: number) => ManifestEntry;
  /** Changes manifest-files.json after its checksum was taken. */
  damageManifest?: (body: Buffer) => Buffer;
  summary?: Record<string, unknown>;
}

interface ManifestEntry {
  itemCount: number;
  md5Checksum: string;
  etag: string;
  dataFileS3Key: string;
}

const EXPORT_ID = '01717200000000-a1b2c3d4';
const TABLE_ARN = 'arn:aws:dynamodb:us-west-2:111122223333:table/users';

/**
 * A full export to S3 as DynamoDB itself writes it (developer guide, "DynamoDB table export output format"; what real exports have beyond it: `_started`,
 * checksum files named `.md5`, empty files, no `exportType` in the summary of a full one). Returns the export's folder.
 */
export async function putNativeExport(site: WorldSite, options: NativeExportOptions): Promise<string> {
  const madeAt = `${options.prefix}AWSDynamoDB/${EXPORT_ID}/`;
  const liesAt = options.movedTo ?? madeAt;
  const put = (name: string, content: Buffer | string) => {
    // Of an empty string the SDK holds the length to be unknown.
    const Body = Buffer.from(content as string);
    return site.s3.send(new PutObjectCommand({ Bucket: options.bucket, Key: `${liesAt}${name}`, Body }));
  };
  await put('_started', '');
  const entries: ManifestEntry[] = [];
  for (const [index, items] of options.files.entries()) {
    const body = gzipSync(items.map((item) => `{"Item":${item}}\n`).join(''));
    const name = `data/${createHash('md5').update(String(index)).digest('hex').slice(0, 26)}.json.gz`;
    const entry = {
      itemCount: items.length,
      md5Checksum: md5(body, 'base64'),
      etag: `${md5(body, 'hex')}-1`,
      dataFileS3Key: madeAt + name,
    };
    entries.push(options.change?.(entry, index) ?? entry);
    const stored = options.damage === undefined ? body : options.damage(body, index);
    if (stored !== undefined) await put(name, stored);
  }
  const files = Buffer.from(entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
  await put('manifest-files.json', options.damageManifest?.(files) ?? files);
  await put('manifest-files.md5', md5(files, 'base64'));
  const summary = Buffer.from(
    JSON.stringify({
      version: '2020-06-30',
      exportArn: `${TABLE_ARN}/export/${EXPORT_ID}`,
      startTime: '2024-06-01T00:00:00.000Z',
      endTime: '2024-06-01T00:10:00.000Z',
      tableArn: TABLE_ARN,
      tableId: '12345678-1234-1234-1234-123456789012',
      exportTime: '2024-06-01T00:00:00.000Z',
      s3Bucket: options.bucket,
      s3Prefix: options.prefix.replace(/\/$/, '') || null,
      s3SseAlgorithm: 'AES256',
      s3SseKmsKeyId: null,
      manifestFilesS3Key: `${madeAt}manifest-files.json`,
      billedSizeBytes: 0,
      itemCount: options.files.flat().length,
      outputFormat: 'DYNAMODB_JSON',
      ...options.summary,
    }),
  );
  await put('manifest-summary.json', summary);
  await put('manifest-summary.md5', md5(summary, 'base64'));
  return liesAt;
}

function md5(bytes: Buffer, encoding: 'base64' | 'hex'): string {
  return createHash('md5').update(bytes).digest(encoding);
}
