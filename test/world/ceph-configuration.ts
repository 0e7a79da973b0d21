export interface ClusterLayout {
  folder: string;
  clusterId: string;
  monitorPort: number;
  gatewayPort: number;
  /** How much it can hold on disk, in a file that is as long as what lies in it; in memory where left out. */
  diskBytes?: number;
}

/** A ceph.conf for one node without replication or authentication between daemons, that binds nothing but loopback. */
export function cephConfiguration({ folder, clusterId, monitorPort, gatewayPort, diskBytes }: ClusterLayout): string {
  return `[global]
fsid = ${clusterId}
mon host = [v1:127.0.0.1:${monitorPort}]
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind msgr2 = false
auth cluster required = none
auth service required = none
auth client required = none
auth supported = none
run dir = ${folder}/run
admin socket = ${folder}/run/$name.asok
pid file = ${folder}/run/$name.pid
log file = ${folder}/log/$name.log
keyring = ${folder}/keyring
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pgp num = 4
osd crush chooseleaf type = 0
mon allow pool size one = true
mon allow pool delete = true
mon warn on pool no redundancy = false
osd pool default pg autoscale mode = off
# Each of the gateway's pools is one proposal; at the default of one second they make up most of the start.
paxos propose interval = 0.05
paxos min wait = 0.01
[mon]
mon data = ${folder}/mon
mon initial members = a
[osd]
osd data = ${folder}/osd
${diskBytes === undefined ? MEMORY : onDisk(diskBytes)}
osd memory target = 1073741824
[client.rgw]
rgw frontends = beast endpoint=127.0.0.1:${gatewayPort}
rgw dns name = localhost
rgw enable usage log = false
rgw thread pool size = 64
rgw gc obj min wait = 60
`;
}

const MEMORY = `osd objectstore = memstore
memstore device bytes = 6442450944`;

function onDisk(bytes: number): string {
  return `osd objectstore = bluestore
bluestore block create = true
bluestore block size = ${bytes}`;
}
