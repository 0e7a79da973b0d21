import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { itemJson } from './item-json.ts';
import { keyJson, readAllItems, readKeyNames, scanItems } from './table.ts';
import type { Item } from './table.ts';

/** A table and the client to read it with. */
export interface TableAt {
  client: DynamoDBClient;
  table: string;
}

/** What the policy under test should make of an item, written down independently of the product; undefined when the item must not pass. */
export type PolicyOracle = (item: Item) => Item | undefined;

/** Keys in the form of `itemJson`; a correct migration has nothing in the three lists. */
export interface TableDifferences {
  equal: number;
  missing: string[];
  extra: string[];
  different: string[];
}

/** Compares the target with policy(source), item by item, in memory. Without a policy both tables must be the same. */
export async function compareTables(
  source: TableAt,
  target: TableAt,
  policy: PolicyOracle = (item) => item,
): Promise<TableDifferences> {
  const keyNames = await readKeyNames(target.client, target.table);
  const expected = new Map<string, string>();
  await scanItems(source.client, source.table, (item) => {
    const passed = policy(item);
    if (passed !== undefined) expected.set(keyJson(passed, keyNames), itemJson(passed));
  });
  return compareItems(expected, await readAllItems(target.client, target.table));
}

/** Both in the form of `readAllItems`. */
function compareItems(expected: Map<string, string>, actual: Map<string, string>): TableDifferences {
  const differences: TableDifferences = { equal: 0, missing: [], extra: [], different: [] };
  for (const [key, item] of expected) {
    const found = actual.get(key);
    if (found === undefined) differences.missing.push(key);
    else if (found === item) differences.equal++;
    else differences.different.push(key);
  }
  for (const key of actual.keys()) if (!expected.has(key)) differences.extra.push(key);
  return differences;
}
