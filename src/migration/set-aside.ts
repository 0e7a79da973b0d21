import { DynaferryError } from '../model/errors.ts';
import type { VerifyCounts } from '../model/events.ts';
import { changeLayout } from '../staging/change-log.ts';
import { ExportLayout } from '../staging/layout.ts';
import type { SetAside } from './summary.ts';
import type { Workspace } from './workspace.ts';

/** What the stages of a migration have set aside and is still so, by the ledgers of this machine. A capture does not know which of its own have been changed since. */
export function setAsideOf(workspace: Workspace): SetAside {
  const { ledger } = workspace;
  const place = (site: 'source' | 'target', layout: ExportLayout): string => lettersPlace(workspace, site, layout);
  const exported = (site: 'source' | 'target'): string =>
    place(site, ExportLayout.of(workspace.prefix(site), ledger.fact('exportId') ?? ''));
  const { export: read, load } = ledger.totals();
  return workspace.peekChangeLedger((changes) => {
    const { applied } = changes.totals();
    const log = changeLayout(workspace.prefix('target'), changes.fact('captureId') ?? '');
    return {
      export: { count: read.deadLettered, place: exported('source') },
      load: { count: load.deadLettered, place: exported('target') },
      apply: { count: applied.deadLettered, place: place('target', log) },
    };
  });
}

/** To be called when a capture begins. What it gives is called when it has ended, and throws DEAD_LETTERS where changes were set aside meanwhile. */
export function watchCaptured(workspace: Workspace, layout: ExportLayout): () => void {
  const { changeLedger } = workspace;
  const before = changeLedger.totals().captured.deadLettered;
  return () =>
    checkCapturedDeadLetters(
      changeLedger.totals().captured.deadLettered - before,
      lettersPlace(workspace, 'source', layout),
    );
}

/** Throws DEAD_LETTERS where verification found items at the source that a rule refuses. Whoever set them aside, the export or the capture, they are not at the target. */
export function checkRefused(workspace: Workspace, { refused = 0 }: VerifyCounts): void {
  if (refused === 0) return;
  const { ledger, changeLedger } = workspace;
  const prefix = workspace.prefix('source');
  const places = [
    ledger.totals().export.deadLettered > 0 ? ExportLayout.of(prefix, ledger.fact('exportId') ?? '') : [],
    changeLedger.totals().captured.deadLettered > 0 ? changeLayout(prefix, changeLedger.fact('captureId') ?? '') : [],
  ].flat();
  const where = places.map((layout) => lettersPlace(workspace, 'source', layout)).join(' and ');
  throw new DynaferryError(
    'DEAD_LETTERS',
    `items of the source are not at the target, since rules of the policy refuse them: ${refused}${where === '' ? '' : `, set aside in ${where}`}`,
    { fix: MEND },
  );
}

function lettersPlace({ file }: Workspace, site: 'source' | 'target', layout: ExportLayout): string {
  return `s3://${file[site].staging.bucket}/${layout.root}dynaferry/dead-letters/`;
}

/** Throws DEAD_LETTERS where a capture set changes aside. */
function checkCapturedDeadLetters(changes: number, place: string): void {
  if (changes === 0) return;
  throw new DynaferryError('DEAD_LETTERS', `changes were set aside with their reasons: ${changes} in ${place}`, {
    fix: MEND,
  });
}

const MEND =
  'Mend the items or the policy (docs/formats/staging.md says how to read the file); a changed item is captured again.';
