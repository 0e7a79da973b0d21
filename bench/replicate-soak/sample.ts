import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import type { Replication, Sites } from './replication.ts';

/** What a replication takes at a moment: objects in both stagings, the ledger, the memory of its process. */
export async function sample(replication: Replication, pid: number): Promise<string> {
  const [source, target] = await Promise.all([objectsAt(replication, 'source'), objectsAt(replication, 'target')]);
  const ledger = statSync(join(replication.stateFolder, 'changes.sqlite'), { throwIfNoEntry: false })?.size ?? 0;
  return `objects ${source} at the source, ${target} at the target; ledger ${ledger} bytes; memory ${residentMb(pid)} MB`;
}

async function objectsAt({ sites, buckets, prefix }: Replication, site: keyof Sites): Promise<number> {
  let objects = 0;
  let token: string | undefined;
  do {
    const page = await sites[site].s3.send(
      new ListObjectsV2Command({ Bucket: buckets[site], Prefix: prefix, ContinuationToken: token }),
    );
    objects += page.KeyCount ?? 0;
    token = page.NextContinuationToken;
  } while (token !== undefined);
  return objects;
}

function residentMb(pid: number): number {
  const kb = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0';
  return Math.round(Number(kb) / 1000);
}
