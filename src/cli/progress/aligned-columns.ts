import { displayWidth } from '../../stages/inspect/text-table.ts';

/** Lays cells of lines that are drawn again and again below each other. A column never gets narrower, so that nothing jumps to and fro as numbers come and go. */
export class AlignedColumns {
  readonly #widths: number[] = [];

  /** Aligned lines of at most so many columns; what does not fit is left out from the right. All rows have the same number of cells. */
  align(rows: readonly string[][], columns: number): string[] {
    for (const cells of rows)
      for (const [i, cell] of cells.entries()) this.#widths[i] = Math.max(this.#widths[i] ?? 0, displayWidth(cell));
    const widths = this.#widths;
    let fits = 0;
    for (let i = 0, width = -2; i < widths.length; i++) {
      width += widths[i] === 0 ? 0 : widths[i] + 2;
      if (width > columns) break;
      fits = i + 1;
    }
    return rows.map((cells) =>
      cells
        .slice(0, fits)
        .flatMap((cell, i) => (widths[i] === 0 ? [] : [pad(cell, widths[i])]))
        .join('  ')
        .trimEnd(),
    );
  }
}

/** Numbers stand to the right, words to the left. */
function pad(cell: string, width: number): string {
  const space = ' '.repeat(width - displayWidth(cell));
  return /^\d/.test(cell) ? space + cell : cell + space;
}
