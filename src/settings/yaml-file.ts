import { LineCounter, isMap, isScalar, isSeq, parseDocument, type Document, type Pair, type ParsedNode } from 'yaml';

/** Where something is in a file: an object key or list index for each level. */
export type Path = readonly PropertyKey[];

/** Offsets into a file's text, `end` exclusive. */
export interface TextRange {
  start: number;
  end: number;
}

/** The text of a YAML file with what it says and where it says it. */
export class YamlFile {
  readonly fileName: string;
  readonly text: string;
  readonly document: Document.Parsed;
  readonly #lines = new LineCounter();

  /** Does not throw on bad YAML: what is wrong with it is in `document.errors` and `document.warnings`. */
  constructor(text: string, fileName: string) {
    this.fileName = fileName;
    this.text = text;
    this.document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false, stringKeys: true });
  }

  /** 1-based line and column, in UTF-16 units as editors count, and the offset at which the line begins. */
  position(offset: number): { line: number; column: number; lineStart: number } {
    const { line, col } = this.#lines.linePos(offset);
    // A file without a line break before the offset has no entry for its first line until it was parsed.
    return line === 0
      ? { line: 1, column: offset + 1, lineStart: 0 }
      : { line, column: col, lineStart: offset - col + 1 };
  }

  /** The node at a path; undefined where the file has none. */
  node(path: Path): ParsedNode | undefined {
    let node: ParsedNode | null = this.document.contents;
    for (const part of path) {
      if (isMap(node)) node = (pairOf(node.items, part)?.value ?? null) as ParsedNode | null;
      else if (isSeq(node) && typeof part === 'number') node = (node.items[part] ?? null) as ParsedNode | null;
      else return undefined;
    }
    return node ?? undefined;
  }

  /** The range of the value at a path; where it is missing or empty, of the nearest key above it. */
  valueRange(path: Path): TextRange {
    const node = this.node(path);
    if (node !== undefined && node.range[1] > node.range[0]) return { start: node.range[0], end: node.range[1] };
    for (let length = path.length; length > 0; length--) {
      const key = this.keyRange(path.slice(0, length));
      if (key !== undefined) return key;
    }
    const start = this.document.contents?.range[0] ?? 0;
    return { start, end: start };
  }

  /** The range of the key that a path ends in; undefined where the file has no such key. */
  keyRange(path: Path): TextRange | undefined {
    const parent = this.node(path.slice(0, -1));
    if (!isMap(parent)) return undefined;
    const key = pairOf(parent.items, path[path.length - 1])?.key;
    return isScalar(key) && key.range ? { start: key.range[0], end: key.range[1] } : undefined;
  }
}

function pairOf(pairs: readonly Pair[], name: PropertyKey | undefined): Pair | undefined {
  return pairs.find((pair) => isScalar(pair.key) && String(pair.key.value) === String(name));
}
