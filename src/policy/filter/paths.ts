import { conditionsWithin, operandsOf } from './walk.ts';
import type { Condition, Path } from './ast.ts';

/** The document paths that a filter names, each once, in their order. */
export function pathsOf(condition: Condition): Path[] {
  const byIdentity = new Map<string, Path>();
  for (const each of conditionsWithin(condition)) {
    for (const operand of operandsOf(each)) {
      if (operand.kind === 'literal') continue;
      const path = operand.kind === 'size' ? operand.path : operand;
      const identity = JSON.stringify([path.name, path.steps]);
      if (!byIdentity.has(identity)) byIdentity.set(identity, path);
    }
  }
  return [...byIdentity.values()];
}

/** The top-level attributes that a filter names: what the NameTable of its items must have. */
export function namesOf(condition: Condition): string[] {
  return [...new Set(pathsOf(condition).map((path) => path.name))];
}
