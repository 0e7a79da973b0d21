import { findElement, findEntry } from './document.ts';
import { sizeOf } from './contents.ts';
import { locate, locateConstant, newLocatedValue, type LocatedValue } from './located-value.ts';
import type { ItemView, NameTable } from '../../model/item.ts';
import type { Operand, Path } from './ast.ts';

/** Finds an operand's value in an item; undefined where the item lacks it. The value is valid until the next call. */
export type OperandReader = (item: ItemView) => LocatedValue | undefined;

/** Compiles an operand. `names` must have the top-level names of its paths. */
export function compileOperand(operand: Operand, names: NameTable): OperandReader {
  switch (operand.kind) {
    case 'literal': {
      const constant = locateConstant(operand.value);
      return () => constant;
    }
    case 'size':
      return compileSize(compilePath(operand.path, names));
    default:
      return compilePath(operand, names);
  }
}

/** The id of the path's top-level attribute. Throws RangeError where the name table lacks it, which would silently let nothing pass. */
export function topLevelId(path: Path, names: NameTable): number {
  const id = names.idOf(path.name);
  if (id < 0) throw new RangeError('the name table lacks an attribute of the filter');
  return id;
}

/** Compiles a document path. */
export function compilePath(path: Path, names: NameTable): OperandReader {
  const id = topLevelId(path, names);
  const value = newLocatedValue();
  if (path.steps.length === 0) {
    return (item) => {
      const index = item.indexOf(id);
      return index < 0 ? undefined : locate(item.bytes, item.valueStart[index], value);
    };
  }
  const steps = path.steps.map((step) => ('name' in step ? entryStep(step.name) : elementStep(step.index)));
  return (item) => {
    const index = item.indexOf(id);
    if (index < 0) return undefined;
    locate(item.bytes, item.valueStart[index], value);
    for (const step of steps) {
      const at = step(value);
      if (at < 0) return undefined;
      locate(item.bytes, at, value);
    }
    return value;
  };
}

/** Where the step leads to from a value, or -1. */
type Step = (from: LocatedValue) => number;

function entryStep(name: string): Step {
  const wanted = Buffer.from(name, 'utf8');
  return (from) => (from.type === 'M' ? findEntry(from.bytes, from.start, wanted) : -1);
}

function elementStep(index: number): Step {
  return (from) => (from.type === 'L' ? findElement(from.bytes, from.start, index) : -1);
}

function compileSize(read: OperandReader): OperandReader {
  // An item has at most 400 KB, so that six digits do.
  const digits: LocatedValue = { type: 'N', bytes: Buffer.alloc(16), start: 0, end: 0 };
  return (item) => {
    const value = read(item);
    const size = value === undefined ? -1 : sizeOf(value);
    if (size < 0) return undefined;
    digits.end = digits.bytes.write(String(size), 'latin1');
    return digits;
  };
}
