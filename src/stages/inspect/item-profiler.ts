import { newValueRange, readValue, type AttributeType } from '../../model/attribute.ts';
import {
  BACKSLASH,
  CLOSE_BRACE,
  decodeString,
  expectByte,
  forEachElement,
  skipSpace,
  walkElements,
  walkMembers,
} from '../../model/json-bytes.ts';
import type { ItemView } from '../../model/item.ts';
import { CONTAINER_BYTES, LITERAL_BYTES, MEMBER_BYTES, binarySize, numberSize, textSize } from './item-size.ts';
import type { PathNode } from './path-node.ts';
import type { PathTree } from './path-tree.ts';

/** Characters of an example value that are kept. */
const EXAMPLE_LENGTH_MAX = 60;

/** Walks over items, counts what it sees into a tree of paths, and says how large each item is by DynamoDB's rules. */
export class ItemProfiler {
  readonly #tree: PathTree;
  readonly #range = newValueRange();
  #item = -1;
  /** Behind the value that was read last. */
  #end = 0;

  constructor(tree: PathTree) {
    this.#tree = tree;
  }

  /** Counts the item in; returns its size in bytes. */
  add(item: ItemView): number {
    this.#item++;
    let size = 0;
    for (let i = 0; i < item.count; i++) {
      const { bytes, nameStart, nameEnd } = item;
      const node = this.#tree.attribute(nameText(bytes, nameStart[i], nameEnd[i]));
      size += textSize(bytes, nameStart[i], nameEnd[i]) + this.#value(node, bytes, item.valueStart[i]);
    }
    return size;
  }

  /** Size of the attribute value whose `{` is at `at`, without its name; counted in at the node where there is one. */
  #value(node: PathNode | undefined, bytes: Buffer, at: number): number {
    const { type, start, end } = readValue(bytes, at, this.#range);
    const sizeBytes = this.#sizeOf(type, node, bytes, start, end);
    const quoted = type === 'S' || type === 'N' || type === 'B';
    this.#end = expectByte(bytes, skipSpace(bytes, quoted ? end + 1 : end), CLOSE_BRACE);
    if (node === undefined) return sizeBytes;
    node.observe(this.#item, { type, sizeBytes, empty: isEmpty(type, sizeBytes) });
    const { examplesMax } = this.#tree.limits;
    if (node.examples.size < examplesMax && isScalar(type)) node.examples.add(exampleText(bytes, start, end));
    return sizeBytes;
  }

  #sizeOf(type: AttributeType, node: PathNode | undefined, bytes: Buffer, start: number, end: number): number {
    switch (type) {
      case 'S':
        return textSize(bytes, start, end);
      case 'N':
        return numberSize(bytes, start, end);
      case 'B':
        return binarySize(bytes, start, end);
      case 'BOOL':
      case 'NULL':
        return LITERAL_BYTES;
      case 'M':
        return this.#map(node, bytes, start);
      case 'L':
        return this.#list(node, bytes, start);
      case 'SS':
        return setSize(bytes, start, textSize);
      case 'NS':
        return setSize(bytes, start, numberSize);
      default:
        return setSize(bytes, start, binarySize);
    }
  }

  #map(node: PathNode | undefined, bytes: Buffer, at: number): number {
    let size = CONTAINER_BYTES;
    walkMembers(bytes, at, (nameStart, nameEnd, valueStart) => {
      node?.hasEntries(this.#item);
      const entry = node && this.#tree.entry(node, nameText(bytes, nameStart, nameEnd));
      size += MEMBER_BYTES + textSize(bytes, nameStart, nameEnd) + this.#value(entry, bytes, valueStart);
      return this.#end;
    });
    return size;
  }

  #list(node: PathNode | undefined, bytes: Buffer, at: number): number {
    let size = CONTAINER_BYTES;
    walkElements(bytes, at, (start) => {
      const element = node && this.#tree.element(node);
      size += MEMBER_BYTES + this.#value(element, bytes, start);
      return this.#end;
    });
    return size;
  }
}

/** The documentation gives no overhead for sets: the sum of their members. */
function setSize(bytes: Buffer, at: number, memberSize: typeof textSize): number {
  let size = 0;
  forEachElement(bytes, at, (start, end) => {
    size += memberSize(bytes, start + 1, end - 1);
  });
  return size;
}

function isEmpty(type: AttributeType, sizeBytes: number): boolean {
  if (type === 'M' || type === 'L') return sizeBytes === CONTAINER_BYTES;
  return (type === 'S' || type === 'B') && sizeBytes === 0;
}

function isScalar(type: AttributeType): boolean {
  return type === 'S' || type === 'N' || type === 'B' || type === 'BOOL';
}

/** A scalar's text for people to look at, cut where it is long. */
export function exampleText(bytes: Buffer, start: number, end: number): string {
  const text = decodeString(bytes, start, end);
  return text.length <= EXAMPLE_LENGTH_MAX ? text : `${text.slice(0, EXAMPLE_LENGTH_MAX - 1)}…`;
}

function nameText(bytes: Buffer, start: number, end: number): string {
  for (let i = start; i < end; i++) if (bytes[i] === BACKSLASH) return decodeString(bytes, start, end);
  return bytes.toString('utf8', start, end);
}
