/** The parts of AWS that share nothing: accounts, credentials and replication end at a partition's border. */
export interface Partition {
  /** As in an ARN: `arn:<id>:…`. */
  id: string;
  dnsSuffix: string;
}

/** Region prefixes of the partitions that are not the global one (botocore's partitions.json). */
const byRegionPrefix: [prefix: string, partition: Partition][] = [
  ['cn-', { id: 'aws-cn', dnsSuffix: 'amazonaws.com.cn' }],
  ['us-gov-', { id: 'aws-us-gov', dnsSuffix: 'amazonaws.com' }],
  ['us-iso-', { id: 'aws-iso', dnsSuffix: 'c2s.ic.gov' }],
  ['us-isob-', { id: 'aws-iso-b', dnsSuffix: 'sc2s.sgov.gov' }],
  ['us-isof-', { id: 'aws-iso-f', dnsSuffix: 'csp.hci.ic.gov' }],
  ['eu-isoe-', { id: 'aws-iso-e', dnsSuffix: 'cloud.adc-e.uk' }],
  ['eusc-', { id: 'aws-eusc', dnsSuffix: 'amazonaws.eu' }],
];

/** The partition that a region belongs to; the global one where the prefix says nothing else. */
export function partitionOf(region: string): Partition {
  return byRegionPrefix.find(([prefix]) => region.startsWith(prefix))?.[1] ?? { id: 'aws', dnsSuffix: 'amazonaws.com' };
}

/** The public endpoint of a regional service. */
export function serviceUrl(service: 'dynamodb' | 'streams.dynamodb' | 's3', region: string): string {
  return `https://${service}.${region}.${partitionOf(region).dnsSuffix}`;
}
