import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startDynamoDbLocal } from './dynamodb-local.ts';
import { startRadosgw } from './radosgw.ts';
import { siteIdentities } from './site.ts';
import type { SiteName } from './site.ts';

/** What a test file may ask for. Nothing is started before somebody asks. */
export type ServiceName = 'dynamodb' | 's3';

/** The answer to `GET /<service>`: each site's endpoint. */
export type ServiceEndpoints = Record<SiteName, string>;

export interface WorldServer {
  url: string;
  close(): void;
}

/**
 * Starts services when a test worker first asks for them, once for all workers, and tells where they listen. It lives in vitest's own process,
 * so that files which need no service do not pay for one.
 */
export async function startWorldServer(runDirectory: string): Promise<WorldServer> {
  const starters: Record<ServiceName, () => Promise<ServiceEndpoints>> = {
    dynamodb: once(() => startDynamoDb(runDirectory)),
    s3: once(() => startS3(runDirectory)),
  };
  const server = createServer((request, response) => {
    const name = (request.url ?? '').slice(1);
    const start = name === 'dynamodb' || name === 's3' ? starters[name] : undefined;
    if (start === undefined) {
      response.writeHead(404).end(`no service '${name}'`);
      return;
    }
    start().then(
      (endpoints) => response.end(JSON.stringify(endpoints)),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function startDynamoDb(runDirectory: string): Promise<ServiceEndpoints> {
  const { endpoint } = await startDynamoDbLocal(runDirectory);
  return { source: endpoint, target: endpoint };
}

async function startS3(runDirectory: string): Promise<ServiceEndpoints> {
  const [source, target] = await Promise.all([
    startRadosgw(runDirectory, 'source', siteIdentities.source.credentials),
    startRadosgw(runDirectory, 'target', siteIdentities.target.credentials),
  ]);
  return { source: source.endpoint, target: target.endpoint };
}

function once<T>(start: () => Promise<T>): () => Promise<T> {
  let started: Promise<T> | undefined;
  return () => (started ??= start());
}
