import { crc32 } from 'node:zlib';

/** A whole HTTP answer; headers as `rawHeaders`, name and value in turn. */
export interface Answer {
  status: number;
  headers: string[];
  body: Buffer;
}

interface ErrorText {
  code: string;
  message: string;
}

/** An error as DynamoDB (JSON) or S3 (XML) writes it. */
export function errorAnswer(service: 'dynamodb' | 's3', status: number, { code, message }: ErrorText): Answer {
  if (service === 'dynamodb')
    return jsonAnswer(status, JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${code}`, message }));
  const xml = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message><RequestId>0</RequestId></Error>`;
  const body = Buffer.from(xml);
  return { status, headers: ['content-type', 'application/xml', 'content-length', String(body.length)], body };
}

/** A DynamoDB answer with its checksum. */
export function jsonAnswer(status: number, json: string): Answer {
  const body = Buffer.from(json);
  const headers = ['content-type', 'application/x-amz-json-1.0', 'content-length', String(body.length)];
  return { status, headers: [...headers, 'x-amz-crc32', String(crc32(body))], body };
}
