import type { Summary, VerifyCounts } from '../../index.ts';

/** The last line of several migrations: their sums, and the summary of each. */
export interface TotalSummary extends Omit<Summary, 'migration'> {
  migration?: string;
  migrations?: Summary[];
}

/** One summary as it is; of several the sums, the longest time, and the first error. */
export function totalSummary(summaries: readonly Summary[]): TotalSummary {
  if (summaries.length === 1) return summaries[0];
  const sum = (of: (summary: Summary) => number): number => summaries.reduce((total, one) => total + of(one), 0);
  const verified = summaries.flatMap(({ verify }) => verify ?? []);
  const sumVerified = (of: (counts: VerifyCounts) => number): number =>
    verified.reduce((total, one) => total + of(one), 0);
  const error = summaries.find((summary) => summary.error !== undefined)?.error;
  return {
    type: 'summary',
    ok: summaries.every(({ ok }) => ok),
    read: sum(({ read }) => read),
    filtered: sum(({ filtered }) => filtered),
    passed: sum(({ passed }) => passed),
    written: sum(({ written }) => written),
    skipped: sum(({ skipped }) => skipped),
    deadLettered: sum(({ deadLettered }) => deadLettered),
    objects: sum(({ objects }) => objects),
    bytes: sum(({ bytes }) => bytes),
    ...(verified.length > 0 && {
      verify: {
        equal: sumVerified(({ equal }) => equal),
        missing: sumVerified(({ missing }) => missing),
        extra: sumVerified(({ extra }) => extra),
        different: sumVerified(({ different }) => different),
        ...(verified.some(({ refused }) => refused !== undefined) && {
          refused: sumVerified(({ refused = 0 }) => refused),
        }),
        ...(verified.some(({ settled }) => settled !== undefined) && {
          settled: sumVerified(({ settled = 0 }) => settled),
          changing: sumVerified(({ changing = 0 }) => changing),
        }),
      },
    }),
    seconds: Math.max(...summaries.map(({ seconds }) => seconds)),
    ...(error && { error }),
    migrations: [...summaries],
  };
}
