import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { freePorts } from './free-port.ts';
import { answers, runCommand, startService, waitUntilReady } from './service-process.ts';
import type { ServiceProcess } from './service-process.ts';
import { cephConfiguration } from './ceph-configuration.ts';
import type { AccessKey, SiteName } from './site.ts';

export interface Radosgw {
  endpoint: string;
  monitor: ServiceProcess;
  storage: ServiceProcess;
  gateway: ServiceProcess;
}

/** A single-node Ceph cluster with an object gateway, on loopback, that knows one access key; in memory, unless it is told how much to hold on disk. */
export async function startRadosgw(
  runDirectory: string,
  site: SiteName,
  key: AccessKey,
  diskBytes?: number,
): Promise<Radosgw> {
  const cluster = await prepareCluster(runDirectory, site, diskBytes);
  const monitor = cluster.start('ceph-mon', ['-f', '-i', 'a']);
  await waitUntilReady(monitor, async () => (await cluster.ask('ceph', ['-s'])) !== undefined);
  const storage = await startStorage(cluster);
  await createUser(cluster, key);
  const gateway = await startUntilReady(cluster, 'radosgw', ['-f', '-n', 'client.rgw'], () =>
    answers(cluster.endpoint),
  );
  return { endpoint: cluster.endpoint, monitor, storage, gateway };
}

interface Cluster {
  endpoint: string;
  start(file: string, args: string[]): ServiceProcess;
  run(file: string, args: string[]): Promise<string>;
  /** As `run`, but undefined when it fails. */
  ask(file: string, args: string[]): Promise<string | undefined>;
}

async function prepareCluster(runDirectory: string, site: SiteName, diskBytes?: number): Promise<Cluster> {
  const folder = join(runDirectory, site);
  for (const part of ['mon', 'osd', 'run', 'log']) mkdirSync(join(folder, part), { recursive: true });
  const [monitorPort, gatewayPort] = await freePorts(2);
  const clusterId = randomUUID();
  const configuration = join(folder, 'ceph.conf');
  writeFileSync(configuration, cephConfiguration({ folder, clusterId, monitorPort, gatewayPort, diskBytes }));
  writeFileSync(join(folder, 'keyring'), '');
  const env = { CEPH_CONF: configuration };
  const run = (file: string, args: string[]): Promise<string> => runCommand(runDirectory, { file, args, env });
  const map = join(folder, 'monmap');
  await run('monmaptool', ['--create', '--fsid', clusterId, '--addv', 'a', `[v1:127.0.0.1:${monitorPort}]`, map]);
  await run('ceph-mon', ['-i', 'a', '--mkfs', '--monmap', map]);
  return {
    endpoint: `http://127.0.0.1:${gatewayPort}`,
    run,
    ask: (file, args) => run(file, args).catch(() => undefined),
    start: (file, args) => startService(runDirectory, { name: `${site}-${file}`, file, args, env }),
  };
}

async function startStorage(cluster: Cluster): Promise<ServiceProcess> {
  const uuid = randomUUID();
  const id = (await untilDone(() => cluster.run('ceph', ['osd', 'new', uuid]))).trim();
  await cluster.run('ceph-osd', ['-i', id, '--mkfs', '--osd-uuid', uuid]);
  return startUntilReady(cluster, 'ceph-osd', ['-f', '-i', id], async () =>
    / 1 up/.test((await cluster.ask('ceph', ['osd', 'stat'])) ?? ''),
  );
}

async function createUser(cluster: Cluster, key: AccessKey): Promise<void> {
  const user = [`--uid=${key.accessKeyId}`, `--display-name=${key.accessKeyId}`];
  const keys = [`--access-key=${key.accessKeyId}`, `--secret-key=${key.secretAccessKey}`];
  await untilDone(() => cluster.run('radosgw-admin', ['user', 'create', ...user, ...keys]));
}

/**
 * A Ceph client asks the monitor before it knows the cluster's id, now and then, and is refused ('wrong fsid', EPERM); daemons end over it.
 * Nothing has happened then, and the next attempt works.
 */
const ATTEMPTS_MAX = 10;

async function untilDone<T>(attempt: () => Promise<T>): Promise<T> {
  for (let attempts = 1; ; attempts++) {
    try {
      return await attempt();
    } catch (error) {
      if (attempts === ATTEMPTS_MAX) throw error;
    }
  }
}

function startUntilReady(
  cluster: Cluster,
  file: string,
  args: string[],
  check: () => Promise<boolean>,
): Promise<ServiceProcess> {
  return untilDone(async () => {
    const service = cluster.start(file, args);
    try {
      await waitUntilReady(service, check);
      return service;
    } catch (error) {
      await service.kill();
      throw error;
    }
  });
}
