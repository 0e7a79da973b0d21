import { compareDefinition } from '../dynamodb/compare-definition.ts';
import { definitionLike, type TargetTable } from '../dynamodb/table-definition.ts';
import { findTable, keySchemaOf, type TableDescription } from '../dynamodb/table.ts';
import { errorCatalogue, type ErrorCode } from '../model/error-catalogue.ts';
import { asDynaferryError, DynaferryError } from '../model/errors.ts';
import type { Finding } from '../model/finding.ts';
import { type KeySchema, type KeyType } from '../model/key.ts';
import type { Policy } from '../policy/policy.ts';
import { checkConflict } from './conflict.ts';
import { missingTarget } from './target-table.ts';
import { checkStream } from './source-stream.ts';
import type { Workspace } from './workspace.ts';

/** What preflight learned of both sides. */
export interface Preflight {
  findings: Finding[];
  /** Undefined where it does not exist yet. */
  targetTable: TableDescription | undefined;
  keyAtTarget: KeySchema | undefined;
}

/**
 * Checks both sites, the tables and the policy's effect on the keys before anything moves. Writes nothing. What cannot be checked is a
 * finding too, never an exception, so that one run shows everything that is wrong.
 */
export async function preflight(workspace: Workspace, attributesSeen: Iterable<string> = []): Promise<Preflight> {
  const findings: Finding[] = [];
  const { signal } = workspace.options.context;
  const attempt = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      const { code, message, fix } = asDynaferryError(error);
      if (!findings.some((finding) => finding.message === message))
        findings.push({ severity: 'error', code, message, fix });
      return undefined;
    }
  };
  const sourceTable = await attempt(() => workspace.sourceTable());
  await attempt(() => workspace.nativeExport());
  await attempt(async () => (await workspace.sourceBucket()).check(workspace.prefix('source'), signal));
  const targetTable = await attempt(async () =>
    findTable(await workspace.targetDynamoDb(), workspace.file.target.table, signal),
  );
  await attempt(async () => (await workspace.targetBucket()).check(workspace.prefix('target'), signal));
  // The items of an export have the target's key: without that table there is nothing to check them against.
  const keyIsKnown = targetTable !== undefined || 'table' in workspace.file.source.input;
  const policy = keyIsKnown ? await attempt(() => workspace.policy()) : undefined;
  let keyAtTarget: KeySchema | undefined;
  if (policy !== undefined) {
    const sourceKey = await attempt(() => workspace.sourceKey());
    if (sourceKey !== undefined) {
      keyAtTarget = targetTable === undefined ? undefined : keySchemaOf(targetTable);
      const assumed = keyAtTarget ?? (await attempt(() => workspace.keyAtTarget()));
      keyAtTarget ??= assumed;
      if (assumed !== undefined)
        findings.push(...policy.checkKeys(sourceKey, assumed, { indexes: indexesOf(sourceTable), attributesSeen }));
    }
  }
  // A dropped key has been told of already.
  const keyIsLost = findings.some((finding) => finding.code === 'RULE_ON_KEY');
  if (policy !== undefined && sourceTable !== undefined && !keyIsLost)
    findings.push(...checkDefinition(workspace, policy, sourceTable, targetTable));
  if (policy !== undefined) findings.push(...checkConflict(workspace, policy));
  findings.push(...checkTarget(workspace, targetTable, sourceTable));
  if (sourceTable !== undefined && workspace.file.replicate.isGiven)
    findings.push(...checkStream(workspace, sourceTable));
  return { findings: unique(findings), targetTable, keyAtTarget };
}

/** Throws where errors are among the findings: under their own code where that is one, so that a missing table is a missing table; else as PREFLIGHT. */
export function refuseErrors(findings: readonly Finding[]): void {
  const errors = findings.filter((finding) => finding.severity === 'error');
  if (errors.length === 0) return;
  const [first] = errors;
  const code =
    isErrorCode(first.code) && errors.every((finding) => finding.code === first.code) ? first.code : 'PREFLIGHT';
  if (errors.length === 1) throw new DynaferryError(code, first.message, { fix: first.fix });
  const list = errors.map(({ message, fix }) => `  - ${message}\n    ${fix}`).join('\n');
  throw new DynaferryError(code, `${errors.length} checks before the run failed:\n${list}`);
}

function isErrorCode(code: string): code is ErrorCode {
  return code in errorCatalogue;
}

/** How key and index attributes are called and typed at the target. */
export function targetDefinition(workspace: Workspace, policy: Policy, source: TableDescription): TargetTable {
  const types = new Map(source.AttributeDefinitions.map((one) => [one.AttributeName, one.AttributeType]));
  return {
    table: workspace.file.target.table,
    attribute: (name) => {
      const type: KeyType = types.get(name) ?? 'S';
      return policy.keyAttributeAtTarget({ name, type });
    },
  };
}

function checkDefinition(
  workspace: Workspace,
  policy: Policy,
  source: TableDescription,
  target: TableDescription | undefined,
): Finding[] {
  try {
    const { definition, findings } = definitionLike(source, targetDefinition(workspace, policy, source));
    return target === undefined ? findings : compareDefinition(target, definition);
  } catch (error) {
    const { code, message, fix } = asDynaferryError(error);
    return [{ severity: 'error', code, message, fix }];
  }
}

function checkTarget(
  workspace: Workspace,
  target: TableDescription | undefined,
  source: TableDescription | undefined,
): Finding[] {
  if (target === undefined) {
    // A source table that could not be described has been told of already, and is no reason to ask for a target.
    if (workspace.file.target.create && (source !== undefined || 'table' in workspace.file.source.input)) return [];
    const { code, message, fix } = missingTarget(workspace.file.target);
    return [{ severity: 'error', code, message, fix }];
  }
  if ((target.ItemCount ?? 0) === 0 || workspace.peekLedger((ledger) => ledger.totals().load.items) > 0) return [];
  return [
    {
      severity: 'warning',
      code: 'TARGET_NOT_EMPTY',
      message: `The target table ${target.TableName} holds about ${target.ItemCount} items; items that are not in the source will be reported as extra by verify.`,
      fix: 'Load into an empty table if the target is to be exactly the policy applied to the source.',
    },
  ];
}

function indexesOf(table: TableDescription | undefined): { name: string; key: KeySchema }[] {
  if (table === undefined) return [];
  const indexes = [...(table.LocalSecondaryIndexes ?? []), ...(table.GlobalSecondaryIndexes ?? [])];
  return indexes.map((index) => ({
    name: index.IndexName,
    key: keySchemaOf({ ...table, KeySchema: index.KeySchema }),
  }));
}

function unique(findings: Finding[]): Finding[] {
  return findings.filter(
    (finding, index) => findings.findIndex((other) => other.message === finding.message) === index,
  );
}
