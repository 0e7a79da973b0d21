import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { listObjects, readObject } from '../world/bucket.ts';
import type { WorldSite } from '../world/world-site.ts';
import { wireJson, type WireItem } from '../world/wire-table.ts';

interface Commit {
  seq: number;
  object: { key: string; items: number } | null;
  counts: Record<string, number>;
  throughMs: number;
}

interface Line {
  Metadata: { WriteTimestampMicros: { N: string } };
  Keys: WireItem;
  NewImage?: WireItem;
}

/** What the newest change log of a bucket holds, by a reader that shares no code with the product. */
export interface ChangeLog {
  commits: Commit[];
  lines: Line[];
  /** Sum over all commits. */
  count: (name: string) => number;
  /** Key and item, as text, of what a table holds that had nothing and takes in all lines in order. */
  folded: Map<string, string>;
}

export async function readChangeLog({ s3 }: WorldSite, bucket: string): Promise<ChangeLog> {
  const listed = (await listObjects(s3, bucket)).map(({ key }) => key).filter((key) => key.includes('/changes/'));
  const newest = listed.map((key) => key.slice(0, key.indexOf('/', key.indexOf('/changes/') + 9) + 1)).sort();
  const root = newest.at(-1) ?? '';
  const read = async (key: string): Promise<Buffer> => (await readObject(s3, bucket, key)).body;
  const keys = listed.filter((key) => key.startsWith(`${root}dynaferry/commits/`)).sort();
  const commits = (await Promise.all(keys.map(read))).map((body) => JSON.parse(body.toString()) as Commit);
  commits.forEach(({ seq }, index) => {
    if (seq !== index + 1) throw new Error(`commit ${index + 1} is missing`);
  });
  const objects = commits.flatMap(({ object }) => object ?? []);
  const texts = await Promise.all(
    objects.map(async ({ key, items }) => {
      const lines = unpacked(key, await read(root + key))
        .toString()
        .trimEnd()
        .split('\n');
      if (lines.length !== items) throw new Error(`${key} holds ${lines.length} changes, its commit says ${items}`);
      return lines;
    }),
  );
  const lines = texts.flat().map((text) => JSON.parse(text) as Line);
  const folded = new Map<string, string>();
  for (const { Keys, NewImage } of lines)
    if (NewImage === undefined) folded.delete(wireJson(Keys));
    else folded.set(wireJson(Keys), wireJson(NewImage));
  const count = (name: string): number => commits.reduce((sum, { counts }) => sum + counts[name], 0);
  return { commits, lines, count, folded };
}

function unpacked(key: string, body: Buffer): Buffer {
  return key.endsWith('.gz') ? gunzipSync(body) : zstdDecompressSync(body);
}
