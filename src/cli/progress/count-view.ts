import type { Session } from '../session.ts';
import { count, counted, duration, percent } from '../text/quantities.ts';
import { RateWindow } from './rate-window.ts';

const REDRAW_MS = 200;
const LINE_MS = 5000;

/** Shows how far something is that only has a count. */
export class CountView {
  readonly #session: Session;
  readonly #name: string;
  readonly #total: number | undefined;
  readonly #rate = new RateWindow();
  readonly #startedMs = performance.now();
  readonly #isShown: boolean;
  readonly #timer: NodeJS.Timeout;
  #done = 0;

  constructor(session: Session, name: string, { total, isShown = true }: { total?: number; isShown?: boolean }) {
    this.#session = session;
    this.#name = name;
    this.#total = total;
    this.#isShown = isShown;
    this.#timer = setInterval(() => this.#show(), session.screen.isLive && !session.json ? REDRAW_MS : LINE_MS);
    this.#rate.add(this.#startedMs, 0);
  }

  /** Since it began, to a tenth. */
  get seconds(): number {
    return Math.round((performance.now() - this.#startedMs) / 100) / 10;
  }

  add(more: number): void {
    this.#done += more;
  }

  /** How many are done by now. */
  set done(done: number) {
    this.#done = done;
  }

  close(): void {
    clearInterval(this.#timer);
    if (this.#session.json || !this.#session.screen.isLive || !this.#isShown) return;
    this.#show();
    this.#session.screen.close();
  }

  #show(): void {
    if (!this.#isShown) return;
    const { json, screen } = this.#session;
    const nowMs = performance.now();
    this.#rate.add(nowMs, this.#done);
    if (json) {
      this.#session.printJson({
        type: 'progress',
        stage: this.#name,
        items: this.#done,
        ...(this.#total !== undefined && { itemsTotal: this.#total }),
      });
      return;
    }
    const rate = this.#rate.perSecond(nowMs) ?? 0;
    const left = (this.#total ?? 0) - this.#done;
    const text = [
      counted(this.#done, 'item'),
      this.#total === undefined ? [] : percent(this.#done, this.#total),
      rate > 0 ? `${count(rate)}/s` : [],
      rate > 0 && left > 0 ? `${duration(left / rate)} left` : [],
    ].flat();
    if (screen.isLive) screen.set([{ text: `${this.#name}  ${text.join('  ')}` }]);
    else screen.print(`${this.#name}: ${text.join(', ')}`);
  }
}
