import type { ItemView } from '../../../src/model/item.ts';
import type { ItemPage, ItemPages } from '../../../src/stages/verify/side.ts';

/** Items in memory, each as DynamoDB JSON, dealt out to segments and pages. */
export class MemoryItems implements ItemPages {
  readonly segments: number;
  readonly items: string[];
  readonly #pageItems: number;
  /** Pages handed out, over all calls. */
  pagesRead = 0;
  /** Called before each page; may throw, as a scan does that fails. */
  beforePage: (pagesRead: number) => void = () => undefined;

  constructor(items: readonly string[], { segments = 4, pageItems = 3 } = {}) {
    this.items = [...items];
    this.segments = segments;
    this.#pageItems = pageItems;
  }

  get itemsEstimate(): number {
    return this.items.length;
  }

  async *pages(segment: number, from: Buffer | undefined, signal: AbortSignal): AsyncGenerator<ItemPage> {
    const mine = this.items.filter((_, i) => i % this.segments === segment);
    let at = from === undefined ? 0 : Number(from.toString());
    do {
      signal.throwIfAborted();
      // Other segments and the other side get their turn, as they do while a page is on its way.
      await new Promise<void>((resolve) => setImmediate(resolve));
      this.beforePage(this.pagesRead++);
      const page = mine.slice(at, at + this.#pageItems);
      at += page.length;
      const checkpoint = at < mine.length ? Buffer.from(String(at)) : undefined;
      yield { forEach: (view, onItem) => forEachItem(page, checkpoint, view, onItem) };
    } while (at < mine.length);
  }
}

function forEachItem(
  page: readonly string[],
  checkpoint: Buffer | undefined,
  view: ItemView,
  onItem: (item: ItemView) => void,
): ReturnType<ItemPage['forEach']> {
  const bytes = Buffer.from(page.join(','));
  let at = 0;
  while (at < bytes.length) {
    at = view.read(bytes, at) + 1;
    onItem(view);
  }
  return { read: page.length, checkpoint };
}
