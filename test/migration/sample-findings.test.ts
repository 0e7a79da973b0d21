import { expect, test } from 'vitest';
import { sampleFindings, type SampledPolicy } from '../../src/migration/sample-findings.ts';

const names = { inFilter: ['country'], seen: new Set(['PK', 'Country', 'sex']) };
const sample = (given: Partial<SampledPolicy>): SampledPolicy => ({
  items: 1000,
  passed: 200,
  refused: [],
  lacking: [],
  ...given,
});

test('a sample in which every item has all that is named, and some pass, says nothing', () => {
  expect(sampleFindings(sample({ lacking: [{ attribute: 'country', items: 0 }] }), names)).toEqual([]);
});

test('a sample of nothing says nothing', () => {
  expect(sampleFindings(sample({ items: 0, passed: 0 }), names)).toEqual([]);
});

test('items that lack an attribute of the filter are a warning, of a rule a note', () => {
  const findings = sampleFindings(
    sample({
      lacking: [
        { attribute: 'country', items: 12 },
        { attribute: 'sex', items: 12 },
      ],
    }),
    names,
  );
  expect(findings.map(({ severity, code, message }) => [severity, code, message])).toEqual([
    [
      'warning',
      'ATTRIBUTE_LACKING',
      '12 of 1000 sampled items (1.2 %) lack the attribute country, which the filter names.',
    ],
    ['note', 'ATTRIBUTE_LACKING', '12 of 1000 sampled items (1.2 %) lack the attribute sex, which a rule names.'],
  ]);
});

test.each([
  ['country', '; they have Country.'],
  ['sexx', '; they have sex.'],
  ['passport', ' names.'],
])('an attribute that no item has is a warning, with the one that may be meant: %s', (attribute, end) => {
  const [finding] = sampleFindings(sample({ lacking: [{ attribute, items: 1000 }] }), names);
  expect(finding.severity).toBe('warning');
  expect(finding.message).toMatch(/^None of the 1000 sampled items has the attribute /);
  expect(finding.message.endsWith(end)).toBe(true);
});

test('a filter that nothing passes is told of', () => {
  expect(sampleFindings(sample({ passed: 0 }), names).map(({ code }) => code)).toEqual(['NOTHING_PASSES']);
});

test('where rules refuse all that passes the filter, the rules are told of', () => {
  const refused = [{ rule: 'hash', attribute: 'govid', reason: 'it cannot treat a value of type M', items: 200 }];
  expect(sampleFindings(sample({ passed: 0, refused }), names).map(({ code }) => code)).toEqual(['RULE_REFUSES']);
});
