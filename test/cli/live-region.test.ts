import pc from 'picocolors';
import { afterEach, describe, expect, it } from 'vitest';
import { LiveRegion } from '../../src/cli/live-region.ts';

/** As much of a terminal as the region uses: text, line breaks that wrap, cursor up, clearing below, hiding the cursor. */
class Terminal {
  readonly isTTY: boolean;
  readonly rows = 10;
  columns: number;
  cursorShown = true;
  #screen: string[] = [''];
  #row = 0;

  constructor({ isTTY = true, columns = 40 } = {}) {
    this.isTTY = isTTY;
    this.columns = columns;
  }

  write(text: string): boolean {
    // eslint-disable-next-line no-control-regex
    for (const [part, up] of text.matchAll(/\u001b\[(\d+)A|\u001b\[J|\u001b\[\?25[lh]|[^\u001b]/g))
      this.#take(part, up);
    return true;
  }

  get text(): string {
    return this.#screen.join('\n').trimEnd();
  }

  #take(part: string, up: string | undefined): void {
    if (up !== undefined) this.#row -= Number(up);
    else if (part === '\u001b[J') this.#screen = this.#screen.slice(0, this.#row);
    else if (part.startsWith('\u001b[?25')) this.cursorShown = part.endsWith('h');
    else if (part === '\n') this.#row++;
    else if (part !== '\r') this.#screen[this.#row] = (this.#screen[this.#row] ?? '') + part;
    this.#screen[this.#row] ??= '';
  }
}

let region: LiveRegion;

function regionOn(terminal: Terminal): LiveRegion {
  return (region = new LiveRegion(terminal as unknown as NodeJS.WriteStream, pc.createColors(false)));
}

afterEach(() => region.close());

describe('lines that are redrawn in place', () => {
  it('replace what they were, and stay below what is printed', () => {
    const terminal = new Terminal();
    const screen = regionOn(terminal);
    screen.set([{ text: 'export 1' }, { text: 'load 1' }]);
    screen.set([{ text: 'export 2' }, { text: 'load 2' }]);
    expect(terminal.text).toBe('export 2\nload 2');
    screen.print('a notice');
    expect(terminal.text).toBe('a notice\nexport 2\nload 2');
    screen.set([{ text: 'export 3' }]);
    expect(terminal.text).toBe('a notice\nexport 3');
  });

  it('hide the cursor, and give it back at the end, with the lines left on screen', () => {
    const terminal = new Terminal();
    const screen = regionOn(terminal);
    screen.set([{ text: 'export' }]);
    expect(terminal.cursorShown).toBe(false);
    screen.close();
    expect(terminal.cursorShown).toBe(true);
    screen.print('error');
    expect(terminal.text).toBe('export\nerror');
  });

  it('are cut to the width of the terminal, also where characters are wide, and before colours are added', () => {
    const terminal = new Terminal({ columns: 10 });
    regionOn(terminal).set([
      { text: 'abcdefghijkl' },
      { text: '博涛博涛博涛' },
      { text: 'abcdefghijkl', paint: (text) => `<${text}>` },
    ]);
    expect(terminal.text).toBe('abcdefghi\n博涛博涛\n<abcdefghi>');
  });

  it('are not drawn beyond the height of the terminal', () => {
    const terminal = new Terminal();
    regionOn(terminal).set(Array.from({ length: 30 }, (_, i) => ({ text: `line ${i}` })));
    expect(terminal.text.split('\n')).toHaveLength(8);
  });

  it('do not exist where there is no terminal', () => {
    const terminal = new Terminal({ isTTY: false });
    const screen = regionOn(terminal);
    screen.set([{ text: 'export' }]);
    screen.print('a notice');
    expect(terminal.text).toBe('a notice');
  });
});
