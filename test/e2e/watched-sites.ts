import { FaultProxy, type SeenRequest } from '../world/fault-proxy.ts';
import type { FaultKind, FaultRule } from '../world/fault.ts';
import type { SiteEndpoints, SiteName } from '../world/site.ts';
import type { World } from '../world/use-world.ts';

type Service = keyof SiteEndpoints;
type Listener = (seen: SeenRequest, site: SiteName) => void;

export interface WatchedSitesOptions {
  /** For each service's proxy; no faults where left out. */
  rules?: (service: Service, site: SiteName) => readonly FaultRule[];
  seed?: number;
}

/** A proxy before each of the two sites' services, that tells whoever listens of every request and may inject faults. */
export class WatchedSites implements AsyncDisposable {
  readonly listeners: Set<Listener>;
  readonly proxies: Record<SiteName, Record<Service, FaultProxy>>;

  private constructor(listeners: Set<Listener>, proxies: Record<SiteName, Record<Service, FaultProxy>>) {
    this.listeners = listeners;
    this.proxies = proxies;
  }

  static async start(world: World, { rules = () => [], seed = 1 }: WatchedSitesOptions = {}): Promise<WatchedSites> {
    const listeners = new Set<Listener>();
    const start = (site: SiteName, service: Service, offset: number): Promise<FaultProxy> =>
      FaultProxy.start({
        upstream: world[site].endpoints[service],
        rules: rules(service, site),
        seed: seed * 10 + offset,
        watch: (seen) => {
          for (const listener of listeners) listener(seen, site);
        },
      });
    return new WatchedSites(listeners, {
      source: { dynamodb: await start('source', 'dynamodb', 1), s3: await start('source', 's3', 2) },
      target: { dynamodb: await start('target', 'dynamodb', 3), s3: await start('target', 's3', 4) },
    });
  }

  /** For migration.yaml. */
  get endpoints(): Record<SiteName, SiteEndpoints> {
    const of = ({ dynamodb, s3 }: Record<Service, FaultProxy>): SiteEndpoints => ({
      dynamodb: dynamodb.endpoint,
      s3: s3.endpoint,
    });
    return { source: of(this.proxies.source), target: of(this.proxies.target) };
  }

  get all(): FaultProxy[] {
    return Object.values(this.proxies).flatMap((site) => Object.values(site));
  }

  /** How many faults of a kind were injected at all services together. */
  injected(kind: FaultKind): number {
    return this.all.reduce((sum, { plan }) => sum + plan.injected(kind), 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.all.map((proxy) => proxy[Symbol.asyncDispose]()));
  }
}
