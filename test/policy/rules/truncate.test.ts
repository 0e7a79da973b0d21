import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Refusal } from '../../../src/policy/rules/rule.ts';
import { truncateRule, type TruncateSpec } from '../../../src/policy/rules/truncate.ts';
import type { AttributeValue } from '../../../src/policy/filter/attribute-value.ts';
import { applyRule, applyToText } from './apply-rule.ts';

const table: [spec: TruncateSpec, value: AttributeValue, cut: AttributeValue][] = [
  [{ length: 2 }, { S: '😀bc' }, { S: '😀b' }],
  [{ length: 0 }, { S: 'abc' }, { S: '' }],
  [{ length: 1 }, { SS: ['ab', 'ac', 'b'] }, { SS: ['a', 'b'] }],
  [{ digits: 3 }, { S: '94107-1234' }, { S: '94100-0000' }],
  [{ digits: 3 }, { S: 'SW1A 1AA' }, { S: 'SW1X 0XX' }],
  [{ digits: 3 }, { N: '94107' }, { N: '94100' }],
  [{ digits: 2 }, { N: '-1234' }, { N: '-1200' }],
  [{ to: 'year' }, { S: '2024-03-15T10:20:30Z' }, { S: '2024' }],
  [{ to: 'month' }, { S: '2024-03-15 10:20' }, { S: '2024-03' }],
  [{ to: 'day' }, { S: '20240315T1020' }, { S: '20240315' }],
  [{ to: 'day' }, { S: '2024-03' }, { S: '2024-03' }],
  [{ to: 'year' }, { S: '2024' }, { S: '2024' }],
  [{ to: 'day' }, { S: '' }, { S: '' }],
  [{ to: 'day' }, { N: '1710498030.123456' }, { N: '1710460800' }],
  [{ to: 'month' }, { N: '1710498030' }, { N: '1709251200' }],
  [{ to: 'year' }, { N: '1710498030' }, { N: '1704067200' }],
  [{ to: 'year', unit: 'milliseconds' }, { N: '1710498030123' }, { N: '1704067200000' }],
  [{ to: 'day' }, { N: '-1' }, { N: '-86400' }],
];

test.each(table)('truncate %j: %j becomes %j', (spec, value, cut) => {
  expect(applyRule(truncateRule(spec), value)).toEqual(cut);
});

test('cuts dates as text does', () => {
  const date = fc.date({ min: new Date('1000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true });
  fc.assert(
    fc.property(date, (moment) => {
      const iso = moment.toISOString();
      expect(applyToText(truncateRule({ to: 'day' }), iso)).toBe(iso.slice(0, 10));
      const seconds = { N: String(moment.getTime() / 1000) };
      if (Math.abs(moment.getTime()) / 1000 > 1e11) return;
      const day = `${iso.slice(0, 10)}T00:00:00Z`;
      const year = `${iso.slice(0, 4)}-01-01T00:00:00Z`;
      expect(applyRule(truncateRule({ to: 'day' }), seconds)).toEqual({ N: String(Date.parse(day) / 1000) });
      expect(applyRule(truncateRule({ to: 'year' }), seconds)).toEqual({ N: String(Date.parse(year) / 1000) });
    }),
  );
});

test('refuses what is no date, no number of whole digits, or another type', () => {
  const refused: [TruncateSpec, AttributeValue][] = [
    [{ to: 'day' }, { S: '15.03.2024' }],
    [{ to: 'day' }, { S: '2024-13-01' }],
    [{ to: 'day' }, { S: '2024-03-15x' }],
    [{ to: 'day' }, { S: 'Jane, born 2024-03-15' }],
    [{ to: 'day' }, { N: '1710498030123' }],
    [{ to: 'day', unit: 'milliseconds' }, { N: '1E+30' }],
    [{ to: 'day' }, { BOOL: true }],
    [{ length: 1 }, { N: '12' }],
    [{ length: 1 }, { B: 'AAAA' }],
    [{ digits: 1 }, { N: '1.5' }],
  ];
  for (const [spec, value] of refused)
    expect(() => applyRule(truncateRule(spec), value), JSON.stringify(value)).toThrow(Refusal);
});
