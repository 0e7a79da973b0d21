/** A column of a table on a terminal. */
export interface Column {
  title: string;
  align?: 'left' | 'right';
  /** Columns of the terminal at the most; longer text is cut in its middle. */
  widthMax?: number;
}

const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}]/u;
/** Control and format characters, line separators, and halves of surrogate pairs. */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** Text from a table made fit for a terminal: nothing in it moves the cursor, changes colours or turns the direction of writing. */
export function printable(text: string): string {
  return text.replace(unprintable, (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`);
}

/** Columns that the text takes on a terminal. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const char of text) width += wide.test(char) ? 2 : 1;
  return width;
}

/** Aligned lines: titles, then rows; columns two spaces apart, each as wide as its widest text. */
export function textTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const cells = rows.map((row) => row.map((text, i) => cutMiddle(printable(text), columns[i].widthMax ?? Infinity)));
  const lines = [columns.map((column) => column.title), ...cells];
  const widths = columns.map((_, i) => Math.max(...lines.map((line) => displayWidth(line[i]))));
  return lines.map((line) =>
    line
      .map((text, i) => pad(text, widths[i], columns[i].align))
      .join('  ')
      .trimEnd(),
  );
}

/** Breaks text into lines of at most `width` columns at its spaces; a longer word stands alone. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && displayWidth(last) + 1 + displayWidth(word) <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

function pad(text: string, width: number, align: Column['align'] = 'left'): string {
  const space = ' '.repeat(Math.max(0, width - displayWidth(text)));
  return align === 'right' ? space + text : text + space;
}

/** Both ends tell paths apart better than the beginning alone. */
function cutMiddle(text: string, widthMax: number): string {
  if (displayWidth(text) <= widthMax) return text;
  const chars = Array.from(text);
  while (displayWidth(chars.join('')) > widthMax - 1) chars.splice(chars.length >> 1, 1);
  chars.splice(Math.ceil(chars.length / 2), 0, '…');
  return chars.join('');
}
