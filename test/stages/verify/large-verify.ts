/** Run as a process of its own: verifies two synthetic tables and prints a line of JSON. Arguments: items, whether 'all' or 'some' of them differ, folder, and where to be killed. */
import type { ItemPage, ItemPages } from '../../../src/stages/verify/side.ts';
import { verify, type VerifyResult } from '../../../src/stages/verify/verify.ts';
import { keepAll, sealer, subjectPK } from './setup.ts';

export interface Report extends Omit<VerifyResult, 'differences'> {
  listed: number;
  peakBytes: number;
}

const PAGE_ITEMS = 2000;

/** Items made while they are read: `version` gives an item's content, undefined where the table lacks it. */
class SyntheticItems implements ItemPages {
  readonly segments = 16;
  readonly itemsEstimate: number;
  readonly #version: (i: number) => number | undefined;

  constructor(items: number, version: (i: number) => number | undefined) {
    this.itemsEstimate = items;
    this.#version = version;
  }

  async *pages(segment: number, from: Buffer | undefined, signal: AbortSignal): AsyncGenerator<ItemPage> {
    const end = Math.floor(((segment + 1) * this.itemsEstimate) / this.segments);
    let at = from === undefined ? Math.floor((segment * this.itemsEstimate) / this.segments) : Number(from.toString());
    do {
      signal.throwIfAborted();
      await new Promise<void>((resolve) => setImmediate(resolve));
      const pageEnd = Math.min(end, at + PAGE_ITEMS);
      const items: string[] = [];
      for (; at < pageEnd; at++) {
        const version = this.#version(at);
        if (version !== undefined) items.push(synthetic(at, version));
      }
      yield this.#page(items, at < end ? Buffer.from(String(at)) : undefined);
    } while (at < end);
  }

  #page(items: readonly string[], checkpoint: Buffer | undefined): ItemPage {
    const bytes = Buffer.from(items.join(','));
    return {
      forEach: (view, onItem) => {
        for (let at = 0; at < bytes.length; at++) {
          at = view.read(bytes, at);
          onItem(view);
        }
        return { read: items.length, checkpoint };
      },
    };
  }
}

function synthetic(i: number, version: number): string {
  return `{"PK":{"S":"user-${i}"},"n":{"N":"${i}.${version}"},"country":{"S":"China"}}`;
}

const [items, differing, folder] = [Number(process.argv[2]), process.argv[3], process.argv[4]];
const killAt = process.argv[5] as string | undefined;
const source = new SyntheticItems(items, () => 1);
const target = new SyntheticItems(items, (i) => (differing === 'all' ? undefined : i % 1000 === 0 ? 2 : 1));
const side = { concurrency: 4, sealer };
const pages = { digests: 0, keys: 0 };
const { differences, ...result } = await verify({
  subject: subjectPK,
  source: { ...side, items: source, of: 'source', policy: keepAll, keySchema: subjectPK.keySchema },
  target: { ...side, items: target, of: 'target' },
  folder,
  saveMs: 20,
  nowMs: () => Date.now(),
  onProgress: ({ pass }) => {
    if (`${pass} ${++pages[pass]}` === killAt) process.kill(process.pid, 'SIGKILL');
  },
});
const report: Report = { ...result, listed: differences.length, peakBytes: process.resourceUsage().maxRSS * 1024 };
process.stdout.write(`${JSON.stringify(report)}\n`);
