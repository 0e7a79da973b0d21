import { changeLayout } from '../staging/change-log.ts';
import { ExportLayout } from '../staging/layout.ts';
import type { SetAside } from './summary.ts';
import type { Workspace } from './workspace.ts';

/** What the stages of a migration have set aside and is still so, by the ledgers of this machine. A capture does not know which of its own have been changed since. */
export function setAsideOf(workspace: Workspace): SetAside {
  const { ledger, file } = workspace;
  const place = (site: 'source' | 'target', layout: ExportLayout): string =>
    `s3://${file[site].staging.bucket}/${layout.root}dynaferry/dead-letters/`;
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
