import { afterAll, inject } from 'vitest';
import { WorldSite } from './world-site.ts';
import type { ServiceEndpoints, ServiceName } from './world-server.ts';

/** The two sites, up and running. */
export interface World {
  source: WorldSite;
  target: WorldSite;
}

/** What a site's endpoint is where the file did not ask for the service: nothing can listen on port 0. */
const NOT_ASKED_FOR = 'http://127.0.0.1:0';

/**
 * Brings up the services that the file needs, unless they are up already, and gives both sites. Call it once, at the top of a test file:
 * `const world = await useWorld('dynamodb', 's3')`. What was made through it is deleted after the file.
 */
export async function useWorld(...services: [ServiceName, ...ServiceName[]]): Promise<World> {
  const none: ServiceEndpoints = { source: NOT_ASKED_FOR, target: NOT_ASKED_FOR };
  const [dynamodb, s3] = await Promise.all([
    services.includes('dynamodb') ? askFor('dynamodb') : none,
    services.includes('s3') ? askFor('s3') : none,
  ]);
  const world = {
    source: new WorldSite('source', { dynamodb: dynamodb.source, s3: s3.source }),
    target: new WorldSite('target', { dynamodb: dynamodb.target, s3: s3.target }),
  };
  afterAll(async () => {
    await Promise.all([world.source.close(), world.target.close()]);
  });
  return world;
}

async function askFor(service: ServiceName): Promise<ServiceEndpoints> {
  const response = await fetch(`${inject('worldUrl')}/${service}`);
  if (!response.ok) throw new Error(`the test world could not start ${service}: ${await response.text()}`);
  return (await response.json()) as ServiceEndpoints;
}
