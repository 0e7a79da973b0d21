import { NameTable, type ItemView } from '../model/item.ts';
import { parseAttributePath } from './attribute-path.ts';
import { compileFilter } from './filter/compile.ts';
import { parseFilter } from './filter/parser.ts';
import { namesOf } from './filter/paths.ts';
import type { PolicySpec } from './policy-schema.ts';

/** The filter as it can be asked of items at the target. */
export interface FilterAtTarget {
  readonly names: NameTable;
  matches(item: ItemView): boolean;
}

/**
 * The policy's filter for items at the target, where it means the same as at the source: where the rules leave every attribute that it names as it is.
 * Undefined where they do not, or where there is no filter. Needs neither keys nor functions.
 */
export function filterAtTarget({ filter, attributes = {}, unlisted = 'keep' }: PolicySpec): FilterAtTarget | undefined {
  if (filter === undefined) return undefined;
  const condition = parseFilter(filter);
  const filterNames = namesOf(condition);
  const kept = new Set<string>();
  const touched = new Set<string>();
  for (const [path, rule] of Object.entries(attributes))
    (rule === 'keep' ? kept : touched).add(parseAttributePath(path)[0]);
  // Another attribute may be given the name of one that the filter reads.
  const given = Object.values(attributes).flatMap((rule) =>
    typeof rule === 'object' && rule.rename !== undefined ? [rule.rename] : [],
  );
  const asItWas = (name: string): boolean =>
    !touched.has(name) && !given.includes(name) && (unlisted === 'keep' || kept.has(name));
  if (!filterNames.every(asItWas)) return undefined;
  const names = new NameTable(filterNames);
  return { names, matches: compileFilter(condition, names) };
}
