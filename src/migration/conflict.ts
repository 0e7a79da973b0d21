import { AttributeJudge } from '../conflict/attribute-judge.ts';
import { AttributeMerge } from '../conflict/attribute-merge.ts';
import { DynamoDbStampedTable, type Pacing } from '../conflict/dynamodb-table.ts';
import { DynamoDbTombstones, tombstoneTableOf } from '../conflict/dynamodb-tombstones.ts';
import { ManagedJudge } from '../conflict/managed-judge.ts';
import { ManagedMerge } from '../conflict/managed-merge.ts';
import { MARK } from '../conflict/mark.ts';
import type { Merge } from '../conflict/merge.ts';
import { keySchemaOf, type TableDescription } from '../dynamodb/table.ts';
import { DynaferryError } from '../model/errors.ts';
import type { Finding } from '../model/finding.ts';
import type { Policy } from '../policy/policy.ts';
import { parseAttributePath } from '../policy/attribute-path.ts';
import { incomparableAttributes } from '../stages/verify/incomparable-attributes.ts';
import type { CaptureConflicts } from '../stages/capture/capture-stage.ts';
import type { Workspace } from './workspace.ts';

/** How a site's table takes in writes where changes go both ways, its table of tombstones made ready; undefined where they go one way. */
export async function conflictMerge(
  workspace: Workspace,
  site: 'source' | 'target',
  table: TableDescription,
  pacing?: Pacing,
): Promise<Merge | undefined> {
  const { replicate, [site]: at } = workspace.file;
  const { conflict, tombstonesMs } = replicate;
  if (conflict === undefined) return undefined;
  const client = await (site === 'source' ? workspace.captureDynamoDb() : workspace.applyDynamoDb());
  const tombstones = new DynamoDbTombstones(client, table.TableName, tombstonesMs);
  await tombstones.prepare(workspace.options.context.signal);
  const keyName = keySchemaOf(table).partition.name;
  const place = conflict === 'managed' ? 'mark' : conflict;
  const stamped = new DynamoDbStampedTable(client, table.TableName, keyName, place, pacing);
  return conflict === 'managed'
    ? new ManagedMerge(stamped, tombstones, at.region)
    : new AttributeMerge(stamped, tombstones);
}

/** What the capture needs where changes go both ways; undefined where they go one way. */
export async function captureConflicts(workspace: Workspace): Promise<CaptureConflicts | undefined> {
  const { replicate, source, target } = workspace.file;
  const { conflict } = replicate;
  if (conflict === undefined) return undefined;
  const table = await workspace.sourceTable();
  const merge = table && (await conflictMerge(workspace, 'source', table));
  if (merge === undefined) throw new DynaferryError('INTERNAL', 'a capture reads the stream of a table');
  const judge = conflict === 'managed' ? new ManagedJudge(source.region) : new AttributeJudge(conflict, target.region);
  return { judge, merge, key: await workspace.sourceKey() };
}

/** Attributes that verification leaves out: those that come out differently each time, and our mark. */
export function notCompared({ file }: Workspace, policy: Policy): string[] {
  const ours = file.replicate.conflict === 'managed' ? [MARK] : [];
  return [...incomparableAttributes(policy), ...ours].sort();
}

/** What must be known or mended before changes go both ways. */
export function checkConflict({ file }: Pick<Workspace, 'file'>, policy: Policy): Finding[] {
  const { conflict } = file.replicate;
  if (conflict === undefined) return [];
  const stamps = conflict === 'managed' ? [] : [conflict.version, conflict.origin];
  const { input } = file.source;
  const sites = ['table' in input ? [input.table] : [], file.target.table].flat();
  return [
    ...stamps.flatMap((name) => stampFinding(policy, file.policy.unlisted, name)),
    ...valuesFinding(policy),
    {
      severity: 'note',
      code: 'TOMBSTONES',
      message: `Deletes are remembered in tables of their own, which are created where they are missing: ${sites.map(tombstoneTableOf).join(', ')}.`,
      fix: 'None is needed. docs/replication.md lists the permissions.',
    },
  ];
}

function stampFinding(policy: Policy, unlisted: string, name: string): Finding[] {
  const rule = policy.rules.find(({ attribute }) => parseAttributePath(attribute)[0] === name);
  const isKept = rule === undefined ? unlisted === 'keep' : rule.rule === 'keep' && rule.rename === undefined;
  if (isKept) return [];
  const what =
    rule === undefined ? `unlisted: ${unlisted} does not let it through` : `the rule ${rule.rule} changes it`;
  return [
    {
      severity: 'error',
      code: 'RULE_ON_STAMP',
      message: `${name} says which of two writes wins (replicate.conflict), and ${what}: the sites would disagree`,
      fix: `Write ${name}: keep.`,
    },
  ];
}

/** What one policy changes on the way there is changed on the way back as well. */
function valuesFinding(policy: Policy): Finding[] {
  const changed = policy.rules.filter(
    ({ attribute, rule, rename }) => attribute !== MARK && (rule !== 'keep' || rename !== undefined),
  );
  if (changed.length === 0) return [];
  return [
    {
      severity: 'warning',
      code: 'CHANGED_BOTH_WAYS',
      message: `Rules change ${changed.map(({ attribute }) => attribute).join(', ')}: an item that is written at the target comes back to the source as a whole, with what the policy has made of these.`,
      fix: 'Where the source needs its own values of them, keep these in another table.',
    },
  ];
}
