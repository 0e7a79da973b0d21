import { CannedBucket } from './canned-bucket.ts';
import { startCannedS3, type S3Traffic } from './canned-s3.ts';
import { makeObjects } from './content.ts';
import type { S3EndpointOrder, S3EndpointReport } from './messages.ts';

/*
 * The process of the two S3 endpoints that copies go between. It is told by messages what lies in the source; each is answered with an
 * S3EndpointReport. DYNAFERRY_BENCH_PORTS may say which ports to take, the source's and the target's.
 */

const source = new CannedBucket();
const target = new CannedBucket();
const traffic = { source: noTraffic(), target: noTraffic() };
const expected = (key: string) => source.objects.get(key)?.content;
const [sourcePort, targetPort] = (process.env['DYNAFERRY_BENCH_PORTS'] ?? '0,0').split(',').map(Number);
const [sourceEndpoint, targetEndpoint] = await Promise.all([
  startCannedS3({ bucket: source, expected: () => undefined, traffic: traffic.source, port: sourcePort }),
  startCannedS3({ bucket: target, expected, traffic: traffic.target, port: targetPort }),
]);
let cpu = process.cpuUsage();

function noTraffic(): S3Traffic {
  return { requests: 0, receivedBytes: 0, sentBytes: 0 };
}

function obey(order: S3EndpointOrder): void {
  if (order.kind === 'stock') {
    source.empty();
    for (const set of order.sets) for (const object of makeObjects(set)) source.put(object);
  }
  if (order.kind !== 'report') target.empty();
  report();
}

function report(): void {
  const { user, system } = process.cpuUsage(cpu);
  cpu = process.cpuUsage();
  const objects = [...target.objects.values()];
  const told: S3EndpointReport = {
    endpoints: { source: sourceEndpoint.url, target: targetEndpoint.url },
    arrived: {
      objects: objects.length,
      bytes: objects.reduce((sum, { content }) => sum + content.sizeBytes, 0),
    },
    traffic: { source: { ...traffic.source }, target: { ...traffic.target } },
    cpuSeconds: (user + system) / 1e6,
  };
  Object.assign(traffic.source, noTraffic());
  Object.assign(traffic.target, noTraffic());
  process.send?.(told);
}

process.on('message', (order: S3EndpointOrder) => obey(order));
process.on('disconnect', () => process.exit());
report();
