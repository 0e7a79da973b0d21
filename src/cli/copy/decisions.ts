import type { CopyDecision, EventListener } from '../../index.ts';
import { printable } from '../../stages/inspect/text-table.ts';
import type { Session } from '../session.ts';
import { count, size } from '../text/quantities.ts';

/** More lines than these push what matters off a terminal; a file or another program gets them all. */
const SHOWN_MAX = 50;

/** How many objects, and of what size. */
export interface Amount {
  objects: number;
  bytes: number;
}

/** What a dry run or a comparison decides, shown object by object and summed up by reason; memory does not grow with the objects. */
export class Decisions {
  /** Of what would be copied. */
  readonly byReason = new Map<string, Amount>();
  readonly #session: Session;
  readonly #held: string[] = [];
  #more = 0;

  constructor(session: Session) {
    this.#session = session;
  }

  readonly hear: EventListener = (event) => {
    if (event.type !== 'copy-object') return;
    if (event.action === 'copy') this.#add(event);
    if (!this.#session.json) this.#show(decisionText(event));
  };

  /** Shows what has been held back while progress was on the terminal. */
  close(): void {
    for (const line of this.#held) this.#session.print(line);
    if (this.#more > 0) this.#session.print(`… and ${count(this.#more)} more; --json, or a pipe, has them all`);
  }

  #add({ reason, sizeBytes = 0 }: CopyDecision): void {
    const amount = this.byReason.get(reason) ?? { objects: 0, bytes: 0 };
    amount.objects++;
    amount.bytes += sizeBytes;
    this.byReason.set(reason, amount);
  }

  #show(line: string): void {
    if (!process.stdout.isTTY) this.#session.print(line);
    else if (this.#held.length < SHOWN_MAX) this.#held.push(line);
    else this.#more++;
  }
}

/** `copy      missing     1.4 MB  logs/a.csv`. */
function decisionText({ action, reason, sizeBytes, key }: CopyDecision): string {
  return `${action.padEnd(8)}  ${reason.padEnd(8)}  ${(sizeBytes === undefined ? '' : size(sizeBytes)).padStart(10)}  ${printable(key)}`;
}
