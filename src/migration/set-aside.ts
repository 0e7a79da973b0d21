import { changeLayout } from '../staging/change-log.ts';
import { ExportLayout } from '../staging/layout.ts';
import type { SetAside } from './summary.ts';
import type { Workspace } from './workspace.ts';

/** What the stages of a migration have set aside, by the ledgers of this machine. */
export function setAsideOf(workspace: Workspace): SetAside {
  const { ledger, file } = workspace;
  const place = (site: 'source' | 'target', layout: ExportLayout): string =>
    `s3://${file[site].staging.bucket}/${layout.root}dynaferry/dead-letters/`;
  const exported = (site: 'source' | 'target'): string =>
    place(site, ExportLayout.of(workspace.prefix(site), ledger.fact('exportId') ?? ''));
  const { export: read, load } = ledger.totals();
  return workspace.peekChangeLedger((changes) => {
    const { captured, applied } = changes.totals();
    const changed = (site: 'source' | 'target'): string =>
      place(site, changeLayout(workspace.prefix(site), changes.fact('captureId') ?? ''));
    return {
      export: { count: read.deadLettered, place: exported('source') },
      load: { count: load.deadLettered, place: exported('target') },
      capture: { count: captured.deadLettered, place: changed('source') },
      apply: { count: applied.deadLettered, place: changed('target') },
    };
  });
}
