import { BACKSLASH, COLON, QUOTE } from '../../model/json-bytes.ts';
import type { ItemView } from '../../model/item.ts';
import type { CompiledFilter } from './compile.ts';

const S = 0x53;

/**
 * `name = 'text'` for a top-level attribute and a text that JSON does not escape: looks at the bytes of `{"S":"text"}` and stops at the first that differs.
 * Where the item's bytes are spaced or escaped, `general` decides.
 */
export function compileStringEquality(id: number, text: string, general: CompiledFilter): CompiledFilter {
  const wanted = Buffer.from(text, 'utf8');
  return (item: ItemView) => {
    const index = item.indexOf(id);
    if (index < 0) return false;
    const { bytes } = item;
    const at = item.valueStart[index] + '{"S":"'.length;
    if (bytes[at - 1] !== QUOTE || bytes[at - 2] !== COLON || bytes[at - 4] !== S || bytes[at - 5] !== QUOTE)
      return general(item);
    for (let i = 0; i < wanted.length; i++) {
      const c = bytes[at + i];
      // A shorter text ends with a quote here, which the wanted one does not have.
      if (c !== wanted[i]) return c === BACKSLASH ? general(item) : false;
    }
    return bytes[at + wanted.length] === QUOTE;
  };
}

/** Whether a text stands in JSON as it is. */
export function isPlain(text: string): boolean {
  return JSON.stringify(text).length === text.length + 2;
}
