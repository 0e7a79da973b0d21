import type pc from 'picocolors';
import { displayWidth } from '../stages/inspect/text-table.ts';

export interface LiveLine {
  text: string;
  /** Colours the text after it has been cut to the terminal's width. */
  paint?: (text: string) => string;
}

const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
const CLEAR_DOWN = '\u001b[J';

/** Lines at the end of a terminal's output that are redrawn in place. Where there is no terminal, text goes out as it comes and there are no such lines. */
export class LiveRegion {
  readonly isLive: boolean;
  readonly colors: ReturnType<typeof pc.createColors>;
  readonly #stream: NodeJS.WriteStream;
  /** Columns of each line on screen; after the terminal got narrower, one takes several rows. */
  #drawn: number[] = [];
  #lines: readonly LiveLine[] = [];
  #cursorHidden = false;

  constructor(stream: NodeJS.WriteStream, colors: ReturnType<typeof pc.createColors>) {
    this.#stream = stream;
    this.colors = colors;
    this.isLive = stream.isTTY && process.env['TERM'] !== 'dumb';
  }

  get columns(): number {
    return this.#stream.columns ?? 80;
  }

  /** How many lines fit without scrolling. */
  get rows(): number {
    return Math.max(1, (this.#stream.rows ?? 24) - 2);
  }

  /** Shows these lines in place of the ones before. */
  set(lines: readonly LiveLine[]): void {
    if (!this.isLive) return;
    this.#lines = lines;
    this.#stream.write(this.#erase() + this.#draw());
  }

  /** Writes a line that stays, above the live ones. */
  print(text: string): void {
    this.#stream.write(`${this.#erase()}${text}\n${this.#draw()}`);
  }

  /** Leaves the lines on screen as they are, and the cursor below them. */
  close(): void {
    this.#lines = [];
    this.#drawn = [];
    if (!this.#cursorHidden) return;
    this.#cursorHidden = false;
    process.off('exit', this.#showCursor);
    this.#showCursor();
  }

  readonly #showCursor = (): void => {
    this.#stream.write(SHOW_CURSOR);
  };

  #erase(): string {
    if (this.#drawn.length === 0) return '';
    const rows = this.#drawn.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / this.columns)), 0);
    this.#drawn = [];
    return `\u001b[${rows}A\r${CLEAR_DOWN}`;
  }

  #draw(): string {
    if (this.#lines.length === 0) return '';
    const shown = this.#lines.slice(0, this.rows);
    const cut = shown.map(({ text }) => cutTo(text, this.columns - 1));
    this.#drawn = cut.map(displayWidth);
    return this.#hideCursor() + cut.map((text, i) => `${(shown[i].paint ?? String)(text)}\n`).join('');
  }

  #hideCursor(): string {
    if (this.#cursorHidden) return '';
    this.#cursorHidden = true;
    // However the process ends, the terminal gets its cursor back.
    process.on('exit', this.#showCursor);
    return HIDE_CURSOR;
  }
}

function cutTo(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text;
  let cut = '';
  let width = 0;
  for (const char of text) {
    width += displayWidth(char);
    if (width > columns) break;
    cut += char;
  }
  return cut;
}
