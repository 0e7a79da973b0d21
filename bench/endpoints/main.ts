import { startS3Endpoint } from '../../src/demo/s3-endpoint.ts';
import type { EmbeddedEndpoint } from '../../src/demo/loopback.ts';
import { accessKey, BUCKET, REGION, type EndpointReport } from '../messages.ts';
import { startCannedDynamoDb, type Traffic } from './dynamodb.ts';
import { makePages } from './pages.ts';

/*
 * The process that measured processes talk to. Message 'empty' drops all objects; any message is answered with an EndpointReport.
 */
const traffic: Traffic = { scannedItems: 0, writtenItems: 0 };
const { pages, bytesPerItem } = makePages();
const dynamodb = await startCannedDynamoDb(traffic, pages);
let s3 = await startS3();
let cpu = process.cpuUsage();

function startS3(): Promise<EmbeddedEndpoint> {
  return startS3Endpoint({ region: REGION, accessKeys: [accessKey], buckets: [BUCKET] });
}

async function report(message: unknown): Promise<void> {
  if (message === 'empty') {
    await s3.close();
    s3 = await startS3();
  }
  const { user, system } = process.cpuUsage(cpu);
  cpu = process.cpuUsage();
  const told: EndpointReport = {
    endpoints: { dynamodb: dynamodb.url, s3: s3.url },
    traffic: { ...traffic },
    cpuSeconds: (user + system) / 1e6,
    bytesPerItem,
  };
  traffic.scannedItems = 0;
  traffic.writtenItems = 0;
  process.send?.(told);
}

process.on('message', (message) => void report(message));
process.on('disconnect', () => process.exit());
void report('started');
