import { createHash } from 'node:crypto';
import { canonicalText } from './filter/canonical-text.ts';
import { parseFilter } from './filter/parser.ts';
import { stableText } from './stable-text.ts';
import type { PolicySpec } from './policy-schema.ts';
import type { Canonical } from './rules/rule.ts';

/** Of the text below. */
const VERSION = 1;

/**
 * SHA-256 in hex over a policy as it is written, keys and files by their names only. It can be computed at the target, where neither keys nor functions
 * are; staged data carries it, and the target refuses data with another one. That the keys and files were the same too, Policy.hash says, which the source compares.
 */
export function policySpecHash(spec: PolicySpec): string {
  const { filter, attributes = {}, unlisted = 'keep' } = spec;
  const canonical = {
    version: VERSION,
    filter: filter === undefined ? null : canonicalText(parseFilter(filter)),
    // The schema gave plain data.
    attributes: attributes as Canonical,
    unlisted,
  };
  return createHash('sha256').update(stableText(canonical)).digest('hex');
}

/** The hash of a policy that is not written at all. */
export const noPolicyHash = policySpecHash({});
