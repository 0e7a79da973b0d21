import type { AttributeValue } from '@aws-sdk/client-dynamodb';

/**
 * One text for each item, for tests to compare: names and set members sorted, binary in base64. Numbers stay as the service gave them, which is the
 * same text for the same value. It shares no code with the product on purpose: a fault there must not be able to hide itself here.
 */
export function itemJson(item: Record<string, AttributeValue>): string {
  return JSON.stringify(sortedMap(item));
}

/** Pairs, not an object, which would move names that look like array indexes to the front. */
function sortedMap(map: Record<string, AttributeValue>): [name: string, value: unknown][] {
  const entries = Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.map(([name, value]) => [name, sortedValue(value)]);
}

function sortedValue(value: AttributeValue): unknown {
  if (value.B !== undefined) return { B: base64(value.B) };
  if (value.BS !== undefined) return { BS: value.BS.map(base64).sort() };
  if (value.SS !== undefined) return { SS: [...value.SS].sort() };
  if (value.NS !== undefined) return { NS: [...value.NS].sort() };
  if (value.L !== undefined) return { L: value.L.map(sortedValue) };
  if (value.M !== undefined) return { M: sortedMap(value.M) };
  return value;
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
