/** Every scan of the benchmark has so many segments, whoever makes it. */
export const SEGMENTS = 16;

/** Tables have a multiple of so many items: whole pages in every segment. */
export const ITEMS_STEP = 20_000;

/** The name of a table says how many items it has. */
export function tableOf(items: number): string {
  return `profiles-${items}`;
}

export function itemsOf(table: string): number {
  return Number(table.slice(table.lastIndexOf('-') + 1));
}
