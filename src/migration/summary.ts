import type { ChangeTotals } from '../engine/change-sums.ts';
import type { LedgerTotals } from '../engine/ledger-totals.ts';
import { DynaferryError } from '../model/errors.ts';
import type { AppliedChanges, CapturedChanges, StageName, Summary, VerifyCounts } from '../model/events.ts';

/** The counts of a summary, from what the ledger recorded. */
export function countsOf(totals: LedgerTotals): Omit<Summary, 'type' | 'migration' | 'ok' | 'seconds'> {
  const { export: exported, transfer, load } = totals;
  return {
    read: exported.read,
    filtered: exported.filtered,
    passed: exported.read - exported.filtered,
    written: load.written,
    skipped: load.skipped,
    deadLettered: exported.deadLettered + load.deadLettered,
    objects: transfer.objects,
    bytes: transfer.bytes,
  };
}

/** What became of the changes that were captured, from what the ledger recorded. */
export function capturedCounts({ captured }: ChangeTotals): CapturedChanges {
  const { read, before, filtered, skipped, echoes, deadLettered, puts, deletes } = captured;
  return { read, before, filtered, skipped, echoes, deadLettered, puts, deletes };
}

/** The same of those that were carried and applied. */
export function appliedCounts({ transferred, applied }: ChangeTotals): AppliedChanges {
  const { puts, deletes, superseded, deadLettered, throughMs } = applied;
  return { transferred: transferred.changes, puts, deletes, superseded, deadLettered, throughMs };
}

/** Throws ACCOUNTING unless every item that was read is filtered, written, skipped or dead-lettered, and every object that was committed has arrived and is loaded. */
export function checkAccounting(totals: LedgerTotals): void {
  const { export: exported, transfer, load } = totals;
  const expect = (what: string, left: number, right: number): void => {
    if (left !== right)
      throw new DynaferryError('ACCOUNTING', `the sums do not agree: ${what}: ${left} against ${right}`);
  };
  expect(
    'items read against filtered + exported + dead-lettered at the source',
    exported.read,
    exported.filtered + exported.items + exported.deadLettered,
  );
  expect('items exported against items transferred', exported.items, transfer.items);
  expect('bytes exported against bytes transferred', exported.bytes, transfer.bytes);
  expect(
    'items transferred against written + skipped + dead-lettered at the target',
    transfer.items,
    load.written + load.skipped + load.deadLettered,
  );
}

/** What was set aside, by the stage that did it, and where it lies. */
export type SetAside = Partial<Record<StageName, { count: number; place: string }>>;

/** Throws DEAD_LETTERS where items or changes were set aside by one of the stages: the work is done, but not all of it. */
export function checkDeadLetters(setAside: SetAside, stages: readonly StageName[]): void {
  const places = stages.flatMap((stage) => {
    const { count, place } = setAside[stage] ?? { count: 0, place: '' };
    return count > 0 ? `${count} in ${place}` : [];
  });
  if (places.length === 0) return;
  throw new DynaferryError('DEAD_LETTERS', `items were set aside with their reasons: ${places.join('; ')}`, {
    fix: stages.includes('apply') && (setAside.apply?.count ?? 0) > 0 ? RETRY : undefined,
  });
}

const RETRY =
  'Read the dead letters that the message names (docs/formats/staging.md says how), mend the cause, and run `dynaferry apply --retry-dead-letters`.';

/**
 * Throws VERIFY_DIFFERENT unless nothing differs. Of `setAside` items it is known already that they are missing, since the load set them aside: where
 * nothing else differs, that is for checkDeadLetters to tell.
 */
export function checkVerified(counts: VerifyCounts, differencesFile: string | undefined, setAside = 0): void {
  const { missing, extra, different, lastedMs } = counts;
  if (extra + different === 0 && missing <= setAside) return;
  throw new DynaferryError(
    'VERIFY_DIFFERENT',
    `the target differs: ${missing} missing, ${extra} extra, ${different} different${lastedMs === undefined ? '' : `, for ${inSeconds(lastedMs)} now`}`,
    {
      fix:
        differencesFile === undefined
          ? undefined
          : `Their keys are listed in ${differencesFile} (personal data: readable by you alone).`,
    },
  );
}

function inSeconds({ least, most }: { least: number; most: number }): string {
  const [from, to] = [least, most].map((ms) => Math.round(ms / 1000));
  return from === to ? `${from} s` : `${from} to ${to} s`;
}
