import { crc32 } from 'node:zlib';
import { generateProfiles } from '../../src/demo/generate/profiles.ts';
import { PAGE_ITEMS } from '../table.ts';

/** A Scan's answer up to the end of its items, made once and served many times. */
interface Page {
  /** `{"Items":[…],"Count":n,"ScannedCount":n`; what depends on the page's place in the table follows. */
  head: Buffer;
  headCrc32: number;
}

/** A page as it is without a filter, and with the benchmark's filter pushed down. */
export interface PagePair {
  all: Page;
  matching: Page;
}

/** Distinct pages; a larger table has them again and again, further apart than any compressor looks back. */
const DISTINCT_PAGES = 64;

/** Pages of generated profiles, one in five of which has the country China. */
export function makePages(): { pages: PagePair[]; bytesPerItem: number } {
  const items = [...generateProfiles({ items: PAGE_ITEMS * DISTINCT_PAGES, seed: 1, match: 0.2 })];
  const pages = Array.from({ length: DISTINCT_PAGES }, (_, index) => {
    const all = items.slice(index * PAGE_ITEMS, (index + 1) * PAGE_ITEMS);
    return { all: page(all), matching: page(all.filter((item) => item.includes('"country":{"S":"China"}'))) };
  });
  return { pages, bytesPerItem: items.reduce((sum, item) => sum + Buffer.byteLength(item), 0) / items.length };
}

function page(items: readonly string[]): Page {
  const head = Buffer.from(`{"Items":[${items.join(',')}],"Count":${items.length},"ScannedCount":${PAGE_ITEMS}`);
  return { head, headCrc32: crc32(head) };
}
