import type { LedgerTotals } from '../engine/ledger-totals.ts';
import { DynaferryError } from '../model/errors.ts';
import type { ChangeTotals } from '../engine/change-ledger.ts';
import type { CapturedChanges, StageName, Summary, VerifyCounts } from '../model/events.ts';

/** The counts of a summary, from what the ledger recorded. */
export function countsOf(totals: LedgerTotals): Omit<Summary, 'type' | 'ok' | 'seconds'> {
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
  const { read, before, filtered, skipped, deadLettered, puts, deletes } = captured;
  return { read, before, filtered, skipped, deadLettered, puts, deletes };
}

/** Throws DEAD_LETTERS where a capture set changes aside. */
export function checkCapturedDeadLetters(changes: number, place: string): void {
  if (changes === 0) return;
  throw new DynaferryError('DEAD_LETTERS', `changes were set aside with their reasons: ${changes} in ${place}`, {
    fix: 'Mend the items or the policy (docs/formats/staging.md says how to read the file); a changed item is captured again.',
  });
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

/** Throws DEAD_LETTERS where items were set aside by one of the stages: the work is done, but not all of it. */
export function checkDeadLetters(
  totals: LedgerTotals,
  stages: readonly StageName[],
  where: { source: string; target: string },
): void {
  const places: string[] = [];
  const note = (stage: 'export' | 'load', place: string): void => {
    const items = totals[stage].deadLettered;
    if (stages.includes(stage) && items > 0) places.push(`${items} in ${place}`);
  };
  note('export', where.source);
  note('load', where.target);
  if (places.length > 0)
    throw new DynaferryError('DEAD_LETTERS', `items were set aside with their reasons: ${places.join('; ')}`);
}

/**
 * Throws VERIFY_DIFFERENT unless nothing differs. Of `setAside` items it is known already that they are missing, since the load set them aside: where
 * nothing else differs, that is for checkDeadLetters to tell.
 */
export function checkVerified(counts: VerifyCounts, differencesFile: string | undefined, setAside = 0): void {
  const { missing, extra, different } = counts;
  if (extra + different === 0 && missing <= setAside) return;
  throw new DynaferryError(
    'VERIFY_DIFFERENT',
    `the target differs: ${missing} missing, ${extra} extra, ${different} different`,
    {
      fix:
        differencesFile === undefined
          ? undefined
          : `Their keys are listed in ${differencesFile} (personal data: readable by you alone).`,
    },
  );
}
