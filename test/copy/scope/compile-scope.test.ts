import { describe, expect, test } from 'vitest';
import type { ScopeSettings } from '../../../src/copy/copy-plan.ts';
import { compileScope } from '../../../src/copy/scope/compile-scope.ts';

const NOW_MS = Date.parse('2026-03-01T00:00:00Z');
const HOUR_MS = 3_600_000;

function includes(
  settings: Partial<ScopeSettings>,
  key: string,
  { sizeBytes = 10, agoMs = 0, prefix = '' } = {},
): boolean {
  const scope = compileScope({ include: [], exclude: [], ...settings }, NOW_MS);
  const object = {
    key: prefix + key,
    sizeBytes,
    etag: '"x"',
    lastModifiedMs: NOW_MS - agoMs,
    storageClass: 'STANDARD',
  };
  return scope.includes(object, prefix);
}

describe('a scope', () => {
  test('without conditions lets everything through', () => expect(includes({}, 'a//b/')).toBe(true));

  test('takes what matches one of include and none of exclude, in whatever order they stand', () => {
    const settings = { include: ['logs/', '*.csv'], exclude: ['**/*.tmp'] };
    expect(['logs/a', 'x.csv', 'logs/a.tmp', 'other/a', 'x.tmp'].map((key) => includes(settings, key))).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });

  test('matches patterns against what stands behind the prefix of the URL, also where a prefix behind that is listed', () => {
    expect(includes({ include: ['2026/*.csv'], base: 'data/' }, 'a.csv', { prefix: 'data/2026/' })).toBe(true);
    expect(includes({ include: ['*.csv'], base: 'data/' }, 'a.csv', { prefix: 'data/2026/' })).toBe(false);
  });

  test('counts ages back from the beginning of the run', () => {
    expect(includes({ newerThan: { agoMs: HOUR_MS } }, 'a', { agoMs: HOUR_MS })).toBe(true);
    expect(includes({ newerThan: { agoMs: HOUR_MS } }, 'a', { agoMs: HOUR_MS + 1 })).toBe(false);
    expect(includes({ olderThan: { agoMs: HOUR_MS } }, 'a', { agoMs: HOUR_MS })).toBe(false);
    expect(includes({ olderThan: { atMs: NOW_MS } }, 'a', { agoMs: 1 })).toBe(true);
  });

  test('has bounds of size that belong to it', () => {
    const settings = { minSizeBytes: 10, maxSizeBytes: 20 };
    expect([9, 10, 20, 21].map((sizeBytes) => includes(settings, 'a', { sizeBytes }))).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });
});
