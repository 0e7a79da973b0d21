import { openSite } from '../aws/site.ts';
import { BufferBudget } from '../engine/buffer-budget.ts';
import { ConnectionGate } from '../engine/connection-gate.ts';
import { Pacer } from '../engine/pacer.ts';
import { S3Bucket } from '../s3/bucket.ts';
import type { CopyObject } from '../stages/transfer/copy-stage.ts';
import type { Link } from '../stages/transfer/link.ts';
import { ObjectCopier } from '../stages/transfer/object-copier.ts';
import { ServerCopier } from '../stages/transfer/server-copier.ts';
import { bytesPerSecondAt } from './bandwidth.ts';
import type { CopyPlan, CopySite } from './copy-plan.ts';

export interface CopyLink extends Link {
  close(): Promise<void>;
}

export interface LinkOptions {
  onRetry: () => void;
  onThrottle: () => void;
  signal: AbortSignal;
  env?: Readonly<Record<string, string | undefined>>;
}

/** How often the cap is looked up that holds at this time of day. */
const CAP_MS = 5000;
/** Listings, questions and small state objects go beside the bodies that the gate counts. */
const CONNECTIONS_SPARE = 32;

/** Both ends of a copy, and what bounds the traffic between them. Nothing is contacted yet. */
export function openCopyLink(plan: CopyPlan, options: LinkOptions): CopyLink {
  const { bounds, bandwidth } = plan;
  const { onRetry, onThrottle, signal, env } = options;
  const gate = new ConnectionGate({ min: bounds.connectionsMin, max: bounds.connectionsMax });
  const pacer = new Pacer(bytesPerSecondAt(bandwidth, Date.now()));
  const timer = setInterval(() => pacer.capAt(bytesPerSecondAt(bandwidth, Date.now())), CAP_MS).unref();
  const bucket = (role: 'source' | 'target', site: CopySite): S3Bucket =>
    new S3Bucket(openSite(role, site, env), site.bucket, {
      connectionsMax: bounds.connectionsMax + CONNECTIONS_SPARE,
      onMoved: (bytes) => gate.moved(role === 'source' ? 'in' : 'out', bytes),
      onRetry: (error) => {
        gate.failed(error);
        if (error.retry === 'throttle') onThrottle();
        else onRetry();
      },
    });
  const source = bucket('source', plan.source);
  const target = bucket('target', plan.target);
  return {
    source,
    target,
    gate,
    memory: new BufferBudget(bounds.memoryBytes),
    bandwidth: pacer,
    onBytes: () => undefined,
    onRetry,
    signal,
    close: async () => {
      clearInterval(timer);
      gate.close();
      await Promise.all([source.close(), target.close()]);
    },
  };
}

/** How objects are copied: within the service where one credential reaches both sides of it, else through this process. */
export async function copierOf(plan: CopyPlan, link: CopyLink): Promise<CopyObject> {
  const { object, bounds } = plan;
  if (plan.serverSide && (await isOneService(plan, link))) {
    const copier = new ServerCopier(link, object);
    return (source, targetKey, statePrefix) => copier.copy(source, targetKey, statePrefix);
  }
  const { partSizeBytes, memoryBytes } = bounds;
  const copier = new ObjectCopier({ link, settings: object, memoryBytes, ...(partSizeBytes && { partSizeBytes }) });
  return (source, targetKey, statePrefix) => copier.copy(source, targetKey, statePrefix);
}

async function isOneService(plan: CopyPlan, { source, target }: CopyLink): Promise<boolean> {
  const [from, to] = [source.site, target.site];
  // At AWS every region of a partition is one service; elsewhere each endpoint is its own.
  const isElsewhere = (plan.source.endpoint ?? plan.target.endpoint) !== undefined;
  const isOne = isElsewhere ? from.s3Url === to.s3Url : from.partitionId === to.partitionId;
  if (!isOne || from.isAnonymous) return false;
  const [mine, theirs] = await Promise.all([from.credentials(), to.credentials()]);
  return mine.accessKeyId === theirs.accessKeyId;
}
