/** Every scan of the benchmark has so many segments, whoever makes it. */
export const SEGMENTS = 16;

/** Items of one page of a scan: about 1 MB, as much as DynamoDB reads at a time. Tables consist of whole pages. */
export const PAGE_ITEMS = 2500;

/** The smallest table: every segment has a page. */
export const ITEMS_MIN = SEGMENTS * PAGE_ITEMS;

/** The name of a table says how many items it has. */
export function tableOf(items: number): string {
  return `profiles-${items}`;
}

export function itemsOf(table: string): number {
  return Number(table.slice(table.lastIndexOf('-') + 1));
}

/** How many pages a segment of the table has. */
export function pagesOf(table: string, segment: number): number {
  const pages = itemsOf(table) / PAGE_ITEMS;
  return Math.floor(pages / SEGMENTS) + (segment < pages % SEGMENTS ? 1 : 0);
}
