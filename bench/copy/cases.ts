import type { Need } from '../../scripts/apt-needs.ts';
import { MIB, type DataSet } from './data-sets.ts';
import { dynaferry, rclone, sdkLoop, type Tool } from './tools.ts';

/** What is measured beside, and by what. */
export const copyNeeds: Need[] = [
  { command: 'rclone', aptPackage: 'rclone' },
  { command: 'time', aptPackage: 'time' },
];

/** One line of the result: what is copied, and by what. */
export interface CopyCase {
  /** Large objects are told of by bytes, small ones by their number. */
  kind: 'large' | 'small';
  /** What one object is, for people. */
  label: string;
  set: DataSet;
  tool: Tool;
}

/** How large the data sets are. */
export interface CopyScale {
  largeObjects: number;
  largeBytes: number;
  /** Of each a set: what a program costs to start counts less in the larger ones. */
  plainObjects: readonly number[];
  smallObjects: number;
}

export const wholeScale: CopyScale = {
  largeObjects: 8,
  largeBytes: 256 * MIB,
  plainObjects: [16, 64],
  smallObjects: 5000,
};

export const quickScale: CopyScale = { largeObjects: 1, largeBytes: 32 * MIB, plainObjects: [1], smallObjects: 200 };

const PLAIN_BYTES = 64 * MIB;
const SMALL_BYTES = 10_000;
/** What tools make multipart uploads with: the SDK and rclone, the AWS CLI, and others. */
const PART_MIB = [5, 8, 16];

const largeTools = [rclone('rclone: defaults'), sdkLoop('SDK loop: 4 at once', 4), dynaferry('dynaferry: defaults')];

const smallTools = [
  rclone('rclone: defaults'),
  // It then takes the target's word for what it has sent, and asks for nothing that it could do without.
  rclone('rclone: 32 at once', ['--transfers', '32', '--checkers', '32', '--s3-no-head', '--no-traverse']),
  sdkLoop('SDK loop: 32 at once', 32),
  dynaferry('dynaferry: defaults'),
];

export function copyCases({ largeObjects, largeBytes, plainObjects, smallObjects }: CopyScale): CopyCase[] {
  const ofParts = PART_MIB.map((mib) => ({
    label: `${largeBytes / MIB} MiB, parts of ${mib} MiB`,
    set: { name: `parts-${mib}`, objects: largeObjects, sizeBytes: largeBytes, partSizeBytes: mib * MIB },
  }));
  const plain = plainObjects.map((objects) => ({
    label: `${PLAIN_BYTES / MIB} MiB, one PUT`,
    set: { name: `plain-${objects}`, objects, sizeBytes: PLAIN_BYTES },
  }));
  const small = { label: '10 KB', set: { name: 'small', objects: smallObjects, sizeBytes: SMALL_BYTES } };
  return [
    ...[...ofParts, ...plain].flatMap((data) => largeTools.map((tool) => ({ ...data, kind: 'large' as const, tool }))),
    ...smallTools.map((tool) => ({ ...small, kind: 'small' as const, tool })),
  ];
}

/** As `--only` looks at it. */
export function nameOf({ label, tool }: CopyCase): string {
  return `copy ${label} ${tool.name}`;
}
