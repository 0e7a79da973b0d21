import leven from 'leven';
import type { Finding } from '../model/finding.ts';

/** What a plan's sample says about the policy. */
export interface SampledPolicy {
  items: number;
  passed: number;
  /** By rule and attribute: how many sampled items it refuses. */
  refused: readonly { rule: string; attribute: string; reason: string; items: number }[];
  /** Attributes that the filter or a rule names, and how many sampled items lack them. */
  lacking: readonly { attribute: string; items: number }[];
}

interface SampleNames {
  /** Attributes that the filter names. */
  inFilter: readonly string[];
  /** The attribute that load.mode takes for an item's version. */
  version?: string;
  /** Attributes that sampled items have. */
  seen: ReadonlySet<string>;
}

/**
 * What deserves a decision before a run: attributes that items lack, a filter that nothing passes, rules that refuse items. None of it is an error,
 * since a sample need not hold what the table holds.
 */
export function sampleFindings(sample: SampledPolicy, names: SampleNames): Finding[] {
  if (sample.items === 0) return [];
  return [
    ...sample.lacking.flatMap((lack) => (lack.items === 0 ? [] : [lacking(sample, lack, names)])),
    ...(sample.passed === 0 && sample.refused.length === 0 ? [nothingPasses(sample)] : []),
    ...sample.refused.map(({ rule, attribute, reason, items }) =>
      warning(
        'RULE_REFUSES',
        `${items} of ${sample.items} sampled items would be dead-lettered: ${rule} on ${attribute}: ${reason}.`,
        'Mend the items, filter them out, or choose another rule.',
      ),
    ),
  ];
}

function lacking(
  sample: SampledPolicy,
  { attribute, items }: SampledPolicy['lacking'][number],
  names: SampleNames,
): Finding {
  const inFilter = names.inFilter.includes(attribute);
  const isVersion = attribute === names.version;
  const namedBy = inFilter ? 'the filter' : isVersion ? 'load.mode' : 'a rule';
  if (items === sample.items) return neverSeen(sample, attribute, namedBy, names.seen);
  const finding = warning(
    'ATTRIBUTE_LACKING',
    `${items} of ${sample.items} sampled items (${percent(items, sample.items)}) lack the attribute ${attribute}, which ${namedBy} names.`,
    inFilter
      ? `Decide what is to become of them: attribute_exists(${attribute}) and attribute_not_exists(${attribute}) tell them apart in the filter.`
      : isVersion
        ? 'They are written only where the target has no such item.'
        : 'The rule does nothing to them: make sure that they do not hold the same data under another name.',
  );
  return inFilter || isVersion ? finding : { ...finding, severity: 'note' };
}

/** A slip in a name is the usual reason, and then what the rule was to hide would leave as it is. */
function neverSeen(sample: SampledPolicy, attribute: string, namedBy: string, seen: ReadonlySet<string>): Finding {
  const near = nearest(attribute, seen);
  return warning(
    'ATTRIBUTE_LACKING',
    `None of the ${sample.items} sampled items has the attribute ${attribute}, which ${namedBy} names${near === undefined ? '' : `; they have ${near}`}.`,
    near === undefined
      ? 'Check the name: upper and lower case matter, and a rule does nothing to items that lack its attribute.'
      : `Write ${near} if that is meant: upper and lower case matter, and a rule does nothing to items that lack its attribute.`,
  );
}

function nothingPasses({ items }: SampledPolicy): Finding {
  return warning(
    'NOTHING_PASSES',
    `None of the ${items} sampled items passes the filter.`,
    'Check the names, values and types in it (`dynaferry inspect --examples 3` shows some); if few items are to pass, read more of them (--sample).',
  );
}

/** The attribute that was probably meant: the same in other case, or a slip or two away. */
function nearest(name: string, seen: ReadonlySet<string>): string | undefined {
  const slips = (other: string): number => leven(name.toLowerCase(), other.toLowerCase());
  const slipsMax = 1 + Math.floor(name.length / 5);
  return [...seen].filter((other) => slips(other) <= slipsMax).toSorted((a, b) => slips(a) - slips(b))[0];
}

function warning(code: string, message: string, fix: string): Finding {
  return { severity: 'warning', code, message, fix };
}

function percent(part: number, whole: number): string {
  return `${((100 * part) / whole).toFixed(1)} %`;
}
