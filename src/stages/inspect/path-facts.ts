import type { PathFacts } from './catalog.ts';
import { pathText, type PathStep } from './path-name.ts';
import type { PathNode } from './path-node.ts';

interface Walk {
  itemsTotal: number;
  out: PathFacts[];
}

/** The tree as a list: depth first, the attributes of `first` before all others, which are in order of their names. */
export function listPaths(root: PathNode, itemsTotal: number, first: readonly string[]): PathFacts[] {
  const walk: Walk = { itemsTotal, out: [] };
  const rank = (name: string): number => (first.includes(name) ? first.indexOf(name) : first.length);
  const attributes = [...root.entries].sort(([a], [b]) => rank(a) - rank(b) || compareText(a, b));
  for (const [name, node] of attributes) addNode(walk, '', { name }, node, itemsTotal);
  return walk.out;
}

function addNode(walk: Walk, parent: string, step: PathStep, node: PathNode, itemsMax: number): void {
  const path = pathText(parent, step);
  const items = Math.min(node.items, itemsMax);
  walk.out.push({
    path,
    types: Object.fromEntries([...node.types].sort(([, a], [, b]) => b - a)),
    values: node.values,
    items,
    share: ratio(items, walk.itemsTotal),
    sizeBytes: { min: node.sizeMin, mean: ratio(node.sizeTotal, node.values), max: node.sizeMax },
    emptyShare: ratio(node.empty, node.values),
    nullShare: ratio(node.types.get('NULL') ?? 0, node.values),
    ...(step === 'any' ? { folded: true } : {}),
    ...(node.examples.size > 0 ? { examples: [...node.examples] } : {}),
  });
  for (const [name, entry] of [...node.entries].sort(([a], [b]) => compareText(a, b)))
    addNode(walk, path, { name }, entry, items);
  if (node.any !== undefined) addNode(walk, path, 'any', node.any, items);
  if (node.element !== undefined) addNode(walk, path, 'element', node.element, items);
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

/** The same order on every machine, whatever its locale. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
