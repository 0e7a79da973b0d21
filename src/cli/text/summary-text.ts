import type { AppliedChanges, CapturedChanges, StageName, Summary } from '../../index.ts';
import type { Session } from '../session.ts';
import { count, duration, size } from './quantities.ts';

/** What a summary is of. */
export interface SummaryOf {
  migration: string;
  /** The stages that ran: of others nothing is said. */
  stages: readonly StageName[];
  /** Where its ledger lies, where that is worth telling. */
  stateFolder?: string;
}

/** The end of a command in words. */
export function summaryText(summary: Summary, of: SummaryOf, { colors }: Pick<Session, 'colors'>): string {
  const { bold, green, yellow } = colors;
  const took = duration(summary.seconds);
  const title = summary.ok
    ? green(`${of.migration}: done in ${took}${of.stages.length > 1 ? ', and everything is accounted for' : ''}`)
    : yellow(
        `${of.migration}: ${summary.error?.code === 'INTERRUPTED' ? 'stopped' : 'ended'} after ${took}, not whole; so far`,
      );
  const rows = summaryRows(summary, new Set(of.stages));
  const verdict =
    summary.ok && summary.applied !== undefined && summary.verify !== undefined
      ? [
          green(
            `  it is safe to switch to the target, for all that was written before ${new Date(summary.applied.throughMs).toISOString()}`,
          ),
        ]
      : [];
  const width = Math.max(...rows.map(([, value]) => value.length));
  const lines = rows.map(([name, value, words]) => `  ${name.padEnd(14)}${value.padStart(width)}  ${words}`);
  const state = of.stateFolder === undefined ? [] : [`  ${'state'.padEnd(14)}${of.stateFolder}`];
  return [bold(title), ...lines, ...state, ...verdict].join('\n');
}

type Row = [name: string, value: string, words: string];

function summaryRows(summary: Summary, stages: ReadonlySet<StageName>): Row[] {
  const { verify, captured, applied } = summary;
  const rows: Row[] = [];
  if (stages.has('export'))
    rows.push(
      ['read', count(summary.read), 'items of the source'],
      ['kept back', count(summary.filtered), 'by the filter: these never left the source site'],
      ['passed', count(summary.passed), 'through the filter'],
    );
  if (stages.has('transfer'))
    rows.push([
      'transferred',
      count(summary.objects),
      `${summary.objects === 1 ? 'object' : 'objects'}, ${size(summary.bytes)}, checked at the target by SHA-256`,
    ]);
  if (stages.has('load'))
    rows.push(
      ['written', count(summary.written), 'items into the target table'],
      ['skipped', count(summary.skipped), 'that the target already had, by load.mode'],
    );
  if (stages.has('export') || stages.has('load'))
    rows.push([
      'dead-lettered',
      count(summary.deadLettered),
      'that could not be carried over, set aside with their reasons',
    ]);
  if (captured !== undefined) rows.push(...capturedRows(captured));
  if (applied !== undefined) rows.push(...appliedRows(applied, stages));
  if (verify !== undefined) {
    rows.push(['verified', count(verify.equal), 'items are what the policy makes of the source']);
    const { missing, extra, different, refused = 0, settled, changing = 0, lastedMs } = verify;
    if (refused > 0)
      rows.push([
        'refused',
        count(refused),
        'items of the source by a rule of the policy: they cannot be at the target',
      ]);
    if (settled !== undefined)
      rows.push(['settled', count(settled), 'items differed for a moment only, while both tables were written to']);
    if (changing > 0)
      rows.push([
        'changing',
        count(changing),
        'items were written at both sides at every look: nothing is known of them',
      ]);
    rows.push([
      'differences',
      count(missing + extra + different),
      `${count(missing)} missing, ${count(extra)} extra, ${count(different)} different${lastedMs === undefined ? '' : `, seen for ${lasted(lastedMs)}`}`,
    ]);
  }
  return rows;
}

function capturedRows({
  read,
  before,
  filtered,
  skipped,
  echoes,
  deadLettered,
  puts,
  deletes,
}: CapturedChanges): Row[] {
  return [
    ['changes', count(read), 'read from the stream since the capture began'],
    ['from before', count(before), 'the capture began: the export has their effect'],
    ['kept back', count(filtered), 'by the filter: these never left the source site'],
    ['skipped', count(skipped), 'deletes, by replicate'],
    ...(echoes > 0 ? [['echoes', count(echoes), 'of what came from the other site'] satisfies Row] : []),
    ['puts', count(puts), 'and'],
    ['deletes', count(deletes), 'written to the change log'],
    ['dead-lettered', count(deadLettered), 'that could not be carried over, set aside with their reasons'],
  ];
}

function appliedRows(
  { transferred, puts, deletes, superseded, deadLettered, throughMs }: AppliedChanges,
  stages: ReadonlySet<StageName>,
): Row[] {
  const carried: Row[] = stages.has('transfer-changes')
    ? [['carried', count(transferred), 'changes into the staging of the target']]
    : [];
  if (!stages.has('apply')) return carried;
  return [
    ...carried,
    ['applied', count(puts), `puts, and ${count(deletes)} deletes, at the target table`],
    ['overtaken', count(superseded), 'not written, since a later change of the same key was'],
    ['dead-lettered', count(deadLettered), 'that the target refuses, set aside with their reasons'],
    ...(throughMs === 0 ? [] : [upTo(throughMs)]),
  ];
}

function upTo(throughMs: number): Row {
  return [
    'up to',
    '',
    `${new Date(throughMs).toISOString()}: all that was written to the source before is at the target`,
  ];
}

function lasted({ least, most }: { least: number; most: number }): string {
  const [from, to] = [duration(least / 1000), duration(most / 1000)];
  return from === to ? from : `${from} to ${to}`;
}
