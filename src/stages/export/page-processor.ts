import { Marker } from '../../conflict/mark.ts';
import { BufferPool } from '../../model/buffer-pool.ts';
import { ByteWriter } from '../../model/byte-writer.ts';
import { ItemView } from '../../model/item.ts';
import { decodeString } from '../../model/json-bytes.ts';
import { keyAttributes, type KeySchema } from '../../model/key.ts';
import type { Policy } from '../../policy/policy.ts';
import { RuleError } from '../../policy/rule-error.ts';
import type { Sealer } from '../../staging/seal.ts';
import type { SourceDeadLetter } from '../../staging/source-dead-letters.ts';
import type { SourcePage } from './item-source.ts';
import type { PageOutcome } from './lane.ts';

/** The lines of a page of 1 MB are seldom more than this. */
const LINES_BYTES = 2 * 1024 * 1024;
const PAGES_KEPT = 32;

/** Applies the policy to pages. What fails it is dropped here, and nothing downstream ever holds it. */
export class PageProcessor {
  readonly #policy: Policy;
  readonly #sealer: Sealer;
  readonly #view: ItemView;
  readonly #keyNames: readonly string[];
  readonly #markedBy: string | undefined;
  readonly #marker = new Marker();
  readonly #out = new ByteWriter(LINES_BYTES);
  readonly #pool = new BufferPool(LINES_BYTES, PAGES_KEPT);

  /** With `markedBy`, the source's region, items get a mark that is less than that of any write, so that the target's stream tells them from what its application writes. */
  constructor(policy: Policy, sourceKey: KeySchema, sealer: Sealer, markedBy?: string) {
    this.#markedBy = markedBy;
    this.#policy = policy;
    this.#sealer = sealer;
    this.#view = new ItemView(policy.names);
    this.#keyNames = keyAttributes(sourceKey).map((attribute) => attribute.name);
  }

  /** Says that the lines of a page are compressed: their memory serves for another one. */
  recycle(lines: Buffer): void {
    this.#pool.give(lines);
  }

  process(segment: number, page: SourcePage): PageOutcome {
    const out = this.#out;
    // Of a page that failed half-way: its items are not accounted for.
    out.truncate(0);
    const deadLetters: SourceDeadLetter[] = [];
    let items = 0;
    let filteredHere = 0;
    const account = page.forEach(this.#view, (item) => {
      const before = out.length;
      out.ascii('{"Item":');
      try {
        const start = out.length;
        if (this.#policy.apply(item, out) === 'passed') {
          if (this.#markedBy !== undefined) this.#mark(start, this.#markedBy);
          out.ascii('}\n');
          items++;
          return;
        }
        filteredHere++;
      } catch (error) {
        if (!(error instanceof RuleError)) throw error;
        deadLetters.push({
          sealedKey: this.#sealer.seal(this.#key(item)),
          rule: error.rule,
          attribute: error.attribute,
          reason: error.reason,
        });
      }
      out.truncate(before);
    });
    return {
      segment,
      lines: out.take(this.#pool),
      items,
      read: account.read,
      filtered: account.read - account.seen + filteredHere,
      sourceBytes: account.bytes,
      deadLetters,
      checkpoint: account.checkpoint,
    };
  }

  #mark(start: number, origin: string): void {
    const out = this.#out;
    const item = this.#marker.view(out.peek(), start);
    const stamp = { type: 'N', version: '0', origin } as const;
    const mark = { stamp, digest: this.#marker.digest(item), deletes: false, isBack: false };
    const marked = this.#marker.marked(item, mark);
    out.truncate(start);
    out.copy(marked, 0, marked.length);
  }

  #key(item: ItemView): Buffer {
    const parts: string[] = [];
    for (let i = 0; i < item.count; i++) {
      const name = decodeString(item.bytes, item.nameStart[i], item.nameEnd[i]);
      if (this.#keyNames.includes(name))
        parts.push(`${JSON.stringify(name)}:${item.bytes.toString('utf8', item.valueStart[i], item.valueEnd[i])}`);
    }
    return Buffer.from(`{${parts.join(',')}}`);
  }
}
