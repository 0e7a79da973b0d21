import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ItemView, NameTable } from '../../../src/model/item.ts';
import { NativeSource } from '../../../src/stages/export/native-source.ts';
import { ExportLayout } from '../../../src/staging/layout.ts';
import { policyOf } from '../../policy/policy-of.ts';
import { MemoryBucket } from '../../staging/memory-bucket.ts';
import { exportOnce, PREFIX, readExport } from './run-export.ts';

const { signal } = new AbortController();
const md5 = (bytes: Buffer | string): string => createHash('md5').update(bytes).digest('base64');

/** Items long enough that a file is read in several blocks. */
const itemsOf = (file: number, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `{"PK":{"S":"${file}-${i}"},"text":{"S":"${'x'.repeat(2000)}"}}`);

const files = [itemsOf(0, 700), [], itemsOf(2, 3)];
let folder: string;
let bucket: MemoryBucket;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dynaferry-native-'));
  bucket = new MemoryBucket();
  await putNative('native/', files, {});
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A full export of DynamoDB's, found at `root` though its manifest names where it was made. */
async function putNative(
  root: string,
  parts: string[][],
  more: object,
  claims = (items: number) => items,
): Promise<void> {
  let list = '';
  for (const [index, items] of parts.entries()) {
    const body = gzipSync(items.map((item) => `{"Item":${item}}\n`).join(''));
    await bucket.put(`${root}data/f${index}.json.gz`, body);
    const dataFileS3Key = `made/here/AWSDynamoDB/01-x/data/f${index}.json.gz`;
    list += `${JSON.stringify({ itemCount: claims(items.length), md5Checksum: md5(body), etag: 'e', dataFileS3Key })}\n`;
  }
  await bucket.put(`${root}manifest-files.json`, Buffer.from(list));
  const summary = { itemCount: parts.flat().length, outputFormat: 'DYNAMODB_JSON', manifestFilesS3Key: 'x', ...more };
  await bucket.put(`${root}manifest-summary.json`, Buffer.from(JSON.stringify(summary)));
}

const open = (): Promise<NativeSource> => NativeSource.open(bucket, new ExportLayout('native/'), signal);

/** Reads a segment; stops after so many pages. */
async function read(
  source: NativeSource,
  segment: number,
  from?: Buffer,
  pages = Infinity,
): Promise<{ items: string[]; read: number; checkpoint: Buffer | undefined }> {
  const view = new ItemView(new NameTable([]));
  const items: string[] = [];
  let count = 0;
  let checkpoint: Buffer | undefined;
  for await (const page of source.pages(segment, from, signal)) {
    const account = page.forEach(view, (item) => items.push(item.bytes.toString('utf8', item.start, item.end)));
    count += account.read;
    ({ checkpoint } = account);
    if (--pages === 0) break;
  }
  return { items, read: count, checkpoint };
}

describe("DynamoDB's own export as the source", () => {
  it('is read whole, file by file; from any checkpoint on, the rest, and no item twice', async () => {
    const source = await open();
    expect([source.segments, source.itemsEstimate]).toEqual([3, 703]);
    const whole = await read(source, 0);
    expect(whole).toEqual({ items: files[0], read: 700, checkpoint: undefined });
    let blocks = 0;
    for (let from: Buffer | undefined, done: string[] = []; ; blocks++) {
      const piece = await read(source, 0, from, blocks + 1);
      const rest = await read(source, 0, piece.checkpoint);
      done = [...done, ...piece.items];
      if (piece.checkpoint === undefined) {
        expect(done).toEqual(files[0]);
        break;
      }
      expect([...done, ...rest.items]).toEqual(files[0]);
      expect(rest.read).toBe(rest.items.length);
      from = piece.checkpoint;
    }
    expect(blocks).toBeGreaterThan(1);
    expect(await read(source, 1)).toEqual({ items: [], read: 0, checkpoint: undefined });
    expect((await read(source, 2)).items).toEqual(files[2]);
  });

  it('goes through the policy into an export of ours', async () => {
    const policy = await policyOf({ filter: "begins_with(PK, '2-')", attributes: { text: 'drop' } });
    const layout = await exportOnce({ bucket, folder, source: await open(), policy });
    const { items } = await readExport(bucket, layout);
    expect(items.sort()).toEqual(['{"PK":{"S":"2-0"}}', '{"PK":{"S":"2-1"}}', '{"PK":{"S":"2-2"}}']);
  });

  it('that lies where ours would lie stays as it is, and is not gone on with', async () => {
    const root = `${PREFIX}AWSDynamoDB/01700000000000-abcdef01/`;
    await putNative(root, files, {});
    // Incremental exports share such a folder.
    await bucket.put(`${PREFIX}AWSDynamoDB/data/f.json.gz`, Buffer.from('x'));
    const before = [...bucket.objects.keys()].filter((name) => name.startsWith(root));
    const policy = await policyOf({ attributes: { text: 'drop' } });
    const source = await NativeSource.open(bucket, new ExportLayout(root), signal);
    const layout = await exportOnce({ bucket, folder, source, policy });
    expect(layout.root).not.toBe(root);
    expect((await readExport(bucket, layout)).items).toHaveLength(703);
    expect([...bucket.objects.keys()].filter((name) => name.startsWith(root))).toEqual(before);
    // From another machine, whose ledger knows nothing, it is ours that is gone on with.
    const elsewhere = join(folder, 'elsewhere');
    expect(await exportOnce({ bucket, folder: elsewhere, source, policy })).toEqual(layout);
  });

  it('that holds another number of items than its manifest says is DATA_DAMAGED, and that file is not said to be done', async () => {
    await putNative('native/', [itemsOf(0, 700)], {}, (items) => items + 1);
    const policy = await policyOf({});
    await expect(exportOnce({ bucket, folder, source: await open(), policy })).rejects.toMatchObject({
      code: 'DATA_DAMAGED',
    });
    await expect(exportOnce({ bucket, folder, source: await open(), policy })).rejects.toMatchObject({
      code: 'DATA_DAMAGED',
    });
  });

  it('must be there, and be a full one', async () => {
    await putNative('native/', files, { exportType: 'INCREMENTAL_EXPORT' });
    await expect(open()).rejects.toMatchObject({ code: 'MANIFEST_INVALID' });
    bucket.objects.clear();
    await expect(open()).rejects.toMatchObject({ code: 'EXPORT_NOT_FOUND' });
  });
});
