import type { z } from 'zod';

/** Where a value does not fit a schema, and why. */
export interface SchemaProblem {
  path: PropertyKey[];
  message: string;
}

/**
 * The complaint that helps. Where a value may have one of several forms zod complains of each; the one that was meant is the one that
 * the value fits furthest.
 */
export function schemaProblem(error: z.ZodError): SchemaProblem {
  return innermost(error.issues[0], []);
}

function innermost(issue: z.core.$ZodIssue, parents: PropertyKey[]): SchemaProblem {
  const path = [...parents, ...issue.path];
  if (issue.code !== 'invalid_union') return { path, message: issue.message };
  const problems = issue.errors
    // A branch of which the type is wrong was not meant.
    .filter((issues) => !issues.some((inner) => inner.path.length === 0 && isOtherForm(inner)))
    .map((issues) => innermost(issues[0], path));
  const deepest = problems.toSorted((a, b) => b.path.length - a.path.length)[0];
  return deepest ?? { path, message: issue.message };
}

function isOtherForm(issue: z.core.$ZodIssue): boolean {
  return issue.code === 'invalid_type' || issue.code === 'invalid_value' || issue.code === 'invalid_union';
}
