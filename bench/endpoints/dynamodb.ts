import { createServer } from 'node:http';
import { crc32 } from 'node:zlib';
import { collectBody, listenOnLoopback, type EmbeddedEndpoint } from '../../src/demo/loopback.ts';
import { itemsOf, PAGE_ITEMS, pagesOf, SEGMENTS } from '../table.ts';
import type { PagePair } from './pages.ts';

/** What has reached the endpoint: work that was claimed and not done is noticed by it. */
export interface Traffic {
  scannedItems: number;
  writtenItems: number;
}

interface Answer {
  pieces: Buffer[];
  crc32: number;
}

interface TableInput {
  TableName: string;
}

interface ScanInput extends TableInput {
  Segment: number;
  ExclusiveStartKey?: { PK: { S: string } };
  FilterExpression?: string;
}

const PUT_REQUEST = Buffer.from('"PutRequest"');
const BATCH_TAKEN = whole('{"UnprocessedItems":{},"ConsumedCapacity":[{"TableName":"profiles","CapacityUnits":25}]}');

/**
 * Starts a DynamoDB endpoint of canned answers: every table that is named `profiles-<items>` exists, a scan of it gives prebuilt pages, every batch is
 * taken and forgotten. It checks neither signatures nor items, because it must not be what a measurement waits for.
 */
export function startCannedDynamoDb(traffic: Traffic, pages: readonly PagePair[]): Promise<EmbeddedEndpoint> {
  const answer = (operation: string, body: Buffer): Answer => {
    if (operation === 'BatchWriteItem') {
      traffic.writtenItems += occurrences(body, PUT_REQUEST);
      return BATCH_TAKEN;
    }
    const input: unknown = JSON.parse(body.toString('utf8'));
    if (operation !== 'Scan') return whole(JSON.stringify(control(operation, input as TableInput)));
    traffic.scannedItems += PAGE_ITEMS;
    return scan(pages, input as ScanInput);
  };
  const server = createServer((request, response) => {
    void collectBody(request).then((body) => {
      const { pieces, crc32: checksum } = answer(String(request.headers['x-amz-target']).split('.')[1], body);
      response.writeHead(200, {
        'content-type': 'application/x-amz-json-1.0',
        'content-length': pieces.reduce((sum, piece) => sum + piece.length, 0),
        'x-amz-crc32': checksum,
      });
      for (const piece of pieces) response.write(piece);
      response.end();
    });
  });
  return listenOnLoopback(server, 0);
}

function scan(pages: readonly PagePair[], input: ScanInput): Answer {
  const segmentPages = pagesOf(input.TableName, input.Segment);
  const index = Number(input.ExclusiveStartKey?.PK.S ?? 0);
  // Segments are read at about the same pace: as far apart as can be, so that no object has the same items twice close together.
  const { all, matching } = pages[((input.Segment * pages.length) / SEGMENTS + index) % pages.length];
  const { head, headCrc32 } = input.FilterExpression === undefined ? all : matching;
  const next = index + 1 < segmentPages ? `,"LastEvaluatedKey":{"PK":{"S":"${index + 1}"}}` : '';
  const tail = Buffer.from(`${next},"ConsumedCapacity":{"TableName":"${input.TableName}","CapacityUnits":128}}`);
  return { pieces: [head, tail], crc32: crc32(tail, headCrc32) };
}

/** What a migration asks of a table before it moves data. */
function control(operation: string, { TableName }: TableInput): object {
  if (operation === 'ListTagsOfResource') return { Tags: [] };
  if (operation === 'DescribeTimeToLive') return { TimeToLiveDescription: { TimeToLiveStatus: 'DISABLED' } };
  if (operation !== 'DescribeTable') throw new Error(`the benchmark's DynamoDB does not know ${operation}`);
  return {
    Table: {
      TableName,
      TableArn: `arn:aws:dynamodb:us-west-2:111122223333:table/${TableName}`,
      TableStatus: 'ACTIVE',
      KeySchema: [{ AttributeName: 'PK', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'PK', AttributeType: 'S' }],
      BillingModeSummary: { BillingMode: 'PAY_PER_REQUEST' },
      ItemCount: itemsOf(TableName),
    },
  };
}

function whole(json: string): Answer {
  const body = Buffer.from(json);
  return { pieces: [body], crc32: crc32(body) };
}

function occurrences(body: Buffer, wanted: Buffer): number {
  let count = 0;
  for (let at = body.indexOf(wanted); at >= 0; at = body.indexOf(wanted, at + wanted.length)) count++;
  return count;
}
