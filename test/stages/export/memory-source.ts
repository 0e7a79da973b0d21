import type { ItemView } from '../../../src/model/item.ts';
import type { ItemSource, PageAccount, SourcePage } from '../../../src/stages/export/item-source.ts';

/** Items in memory, dealt out to segments and read in pages. */
export class MemorySource implements ItemSource {
  readonly segments: number;
  readonly itemsEstimate = undefined;
  readonly #items: readonly string[];
  readonly #pageItems: number;
  /** Items handed out, over all runs. */
  read = 0;
  /** May throw when a page is read, as a scan does. */
  beforePage: (segment: number, from: number) => void = () => undefined;

  constructor(items: readonly string[], { segments = 3, pageItems = 4 } = {}) {
    this.#items = items;
    this.segments = segments;
    this.#pageItems = pageItems;
  }

  async *pages(segment: number, from: Buffer | undefined, signal: AbortSignal): AsyncGenerator<SourcePage> {
    const mine = this.#items.filter((_, i) => i % this.segments === segment);
    for (let at = from === undefined ? 0 : Number(from.toString()); ; at += this.#pageItems) {
      await new Promise((resolve) => setImmediate(resolve));
      signal.throwIfAborted();
      this.beforePage(segment, at);
      const page = mine.slice(at, at + this.#pageItems);
      const next = at + this.#pageItems;
      this.read += page.length;
      yield { forEach: (view, onItem) => forEachItem(page, next < mine.length ? next : undefined, view, onItem) };
      if (next >= mine.length) return;
    }
  }
}

function forEachItem(
  page: readonly string[],
  next: number | undefined,
  view: ItemView,
  onItem: (item: ItemView) => void,
): PageAccount {
  const bytes = Buffer.from(page.join(','));
  for (let at = 0; at < bytes.length; at++) {
    at = view.read(bytes, at);
    onItem(view);
  }
  return {
    read: page.length,
    seen: page.length,
    bytes: bytes.length,
    checkpoint: next === undefined ? undefined : Buffer.from(String(next)),
  };
}
