import { partitionOf } from '../../src/aws/partition.ts';
import type { Site } from '../../src/aws/site.ts';
import { S3Bucket } from '../../src/s3/bucket.ts';
import { judgeListed } from '../../src/stages/transfer/judge-pair.ts';
import { compareListings } from '../../src/stages/transfer/listing/compare-listings.ts';
import { accessKey, REGION } from '../messages.ts';
import { areas } from './keys.ts';

/** What is measured of one comparison. */
export interface Compared {
  cpuSeconds: number;
  seconds: number;
  rssStartBytes: number;
  rssPeakBytes: number;
  /** Objects of both sides. */
  objects: number;
  sourceOnly: number;
  targetOnly: number;
  other: number;
}

/** Compares the buckets `source` and `target` of the endpoint by size and ETag. */
export async function compare(endpoint: string, parallel: number): Promise<Compared> {
  const [source, target] = (['source', 'target'] as const).map((role) => new S3Bucket(siteAt(endpoint, role), role));
  const found = { sourceOnly: 0, targetOnly: 0, other: 0 };
  const rssStartBytes = process.memoryUsage.rss();
  const cpu = process.cpuUsage();
  const startedMs = performance.now();
  const counts = await compareListings({
    pairs: areas,
    source,
    target,
    parallel,
    emit: async (pairs) => {
      for (const pair of pairs) {
        if (pair.target === undefined) found.sourceOnly++;
        else if (pair.source === undefined) found.targetOnly++;
        else if (judgeListed(pair.source, pair.target, 'etag') !== 'same') found.other++;
      }
    },
  });
  const seconds = (performance.now() - startedMs) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  await Promise.all([source.close(), target.close()]);
  return {
    cpuSeconds: (user + system) / 1e6,
    seconds,
    rssStartBytes,
    rssPeakBytes: process.resourceUsage().maxRSS * 1024,
    objects: counts.source + counts.target,
    ...found,
  };
}

function siteAt(endpoint: string, role: 'source' | 'target'): Site {
  return {
    role,
    region: REGION,
    partitionId: partitionOf(REGION).id,
    dynamodbUrl: endpoint,
    streamsUrl: endpoint,
    s3Url: endpoint,
    s3PathStyle: true,
    credentials: async () => accessKey,
  };
}
