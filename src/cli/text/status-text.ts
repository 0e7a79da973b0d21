import type { MigrationStatus, StageStatus } from '../../index.ts';
import { textTable } from '../../stages/inspect/text-table.ts';
import type { Session } from '../session.ts';
import { lagText } from './lag-text.ts';
import { count, size } from './quantities.ts';

/** Where a migration stands, for people. */
export function statusText(status: MigrationStatus, { bold, dim }: Session['colors']): string {
  const title = `${bold(status.migration)}${status.exportId === undefined ? '' : dim(`  export ${status.exportId}`)}`;
  return [title, ...stageTable(status), '', ...sums(status), `  ${'state'.padEnd(10)}${status.stateFolder}`].join('\n');
}

function stageTable({ stages, totals, changes }: MigrationStatus): string[] {
  return textTable(
    [
      { title: '  stage' },
      { title: 'state' },
      { title: 'items', align: 'right' },
      { title: 'objects', align: 'right' },
      { title: 'bytes', align: 'right' },
      { title: '', align: 'left' },
    ],
    stages.map((stage) => {
      // Verification keeps no objects, and its items are those that it has read.
      if (stage.stage === 'verify') {
        const { items = 0 } = stage.progress ?? {};
        return ['  verify', stage.state, count(items), '', '', remarks(stage, items)];
      }
      const { items, objects, bytes } = durableOf(stage.stage, totals, changes);
      return [`  ${stage.stage}`, stage.state, count(items), count(objects), size(bytes), remarks(stage, items)];
    }),
  );
}

interface Durable {
  items: number;
  objects: number;
  bytes: number;
}

function durableOf(
  stage: Exclude<StageStatus['stage'], 'verify'>,
  totals: MigrationStatus['totals'],
  changes: MigrationStatus['changes'],
): Durable {
  if (stage === 'export') return { ...totals.export, items: totals.export.read };
  if (stage === 'transfer' || stage === 'load') return totals[stage];
  if (changes === undefined) return { items: 0, objects: 0, bytes: 0 };
  const { captured, transferred, applied } = changes;
  if (stage === 'capture') return { ...captured, items: captured.read };
  return stage === 'apply'
    ? { ...applied, items: appliedChanges(applied) }
    : { ...transferred, items: transferred.changes };
}

/** What a stage has in hand beyond what is durable, what troubled it, and who runs it. */
function remarks({ stage, state, progress, processId, lag }: StageStatus, durableItems: number): string {
  const { items = 0, throttles = 0, retries = 0 } = progress ?? {};
  // Changes are counted when they are durable.
  const inHand =
    stage !== 'apply' && state === 'running' && items > durableItems
      ? `${count(items - durableItems)} items in hand`
      : [];
  return [
    lag === undefined ? [] : lagText(lag),
    inHand,
    throttles > 0 ? `${count(throttles)} throttles` : [],
    retries > 0 ? `${count(retries)} retries` : [],
    processId === undefined ? [] : `process ${processId}`,
  ]
    .flat()
    .join(', ');
}

/** The accounting, as far as it has got. */
function sums(status: MigrationStatus): string[] {
  return [...itemSums(status), ...changeSums(status)];
}

function itemSums({ totals, verify }: MigrationStatus): string[] {
  const { export: exported, load } = totals;
  const passed = exported.read - exported.filtered;
  const deadLettered = exported.deadLettered + load.deadLettered;
  const onTheWay = passed - load.written - load.skipped - deadLettered;
  const verified =
    verify === undefined
      ? 'not yet'
      : `${new Date(verify.finishedMs).toISOString()}: ${count(verify.equal)} equal, ${count(verify.missing)} missing, ${count(verify.extra)} extra, ${count(verify.different)} different${verify.refused === undefined ? '' : `, ${count(verify.refused)} refused at the source`}`;
  // A machine that runs the other stages alone knows what it loaded, and not of how much.
  const ranElsewhere = exported.read === 0 && load.items > 0;
  if (ranElsewhere)
    return [
      `  ${'loaded'.padEnd(10)}${count(load.items)} = ${count(load.written)} written + ${count(load.skipped)} skipped + ${count(load.deadLettered)} dead-lettered`,
      `  ${'verified'.padEnd(10)}${verified}`,
    ];
  return [
    `  ${'read'.padEnd(10)}${count(exported.read)} = ${count(exported.filtered)} kept back by the filter + ${count(passed)} passed`,
    `  ${'passed'.padEnd(10)}${count(passed)} = ${count(load.written)} written + ${count(load.skipped)} skipped + ${count(deadLettered)} dead-lettered${onTheWay > 0 ? ` + ${count(onTheWay)} on the way` : ''}`,
    `  ${'verified'.padEnd(10)}${verified}`,
  ];
}

/** The same for changes of the table. */
function changeSums({ changes }: MigrationStatus): string[] {
  if (changes === undefined) return [];
  return [...capturedSums(changes), ...appliedSums(changes), ...waitingSum(changes)];
}

function appliedSums({ applied }: NonNullable<MigrationStatus['changes']>): string[] {
  if (applied.seq === 0) return [];
  const { puts, deletes, superseded, deadLettered, throughMs } = applied;
  const until = throughMs === 0 ? '' : `, all up to ${new Date(throughMs).toISOString()}`;
  return [
    `  ${'applied'.padEnd(10)}${count(appliedChanges(applied))} = ${count(puts)} puts + ${count(deletes)} deletes + ${count(superseded)} overtaken by a later change + ${count(deadLettered)} dead-lettered${until}`,
  ];
}

/** What is on its way, as far as this machine knows of it. */
function waitingSum({ captured, transferred, applied }: NonNullable<MigrationStatus['changes']>): string[] {
  const waiting = Math.max(captured.puts + captured.deletes, transferred.changes) - appliedChanges(applied);
  return waiting > 0 ? [`  ${'waiting'.padEnd(10)}${count(waiting)} changes that are not applied yet`] : [];
}

function appliedChanges({
  puts,
  deletes,
  superseded,
  deadLettered,
}: NonNullable<MigrationStatus['changes']>['applied']): number {
  return puts + deletes + superseded + deadLettered;
}

function capturedSums(changes: NonNullable<MigrationStatus['changes']>): string[] {
  if (changes.captured.seq === 0) return [];
  const { read, before, filtered, skipped, echoes, deadLettered, puts, deletes, throughMs } = changes.captured;
  const until = throughMs === 0 ? '' : `, all up to ${new Date(throughMs).toISOString()}`;
  return [
    `  ${'changes'.padEnd(10)}${count(read)} = ${count(before)} from before + ${count(filtered)} kept back by the filter + ${count(skipped)} skipped${echoes > 0 ? ` + ${count(echoes)} from the other site` : ''} + ${count(puts)} puts + ${count(deletes)} deletes + ${count(deadLettered)} dead-lettered${until}`,
  ];
}
