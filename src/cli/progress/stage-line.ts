import { displayWidth } from '../../stages/inspect/text-table.ts';
import { lagText } from '../text/lag-text.ts';
import { count, counted, duration, percent, size } from '../text/quantities.ts';
import type { StageRow } from './stage-row.ts';

/** What is said of a stage, most important first; the same number of cells for every stage, empty where there is nothing to say. */
export function stageCells(row: StageRow, nowMs: number, showMigration: boolean): string[] {
  const { progress } = row;
  const left = row.isRunning ? row.secondsLeft(nowMs) : undefined;
  return [
    ...(showMigration ? [row.migration] : []),
    row.stage,
    stateText(row),
    progress === undefined ? '' : counted(progress.items, row.noun),
    rateText(row, nowMs),
    left === undefined ? '' : `${duration(left)} left`,
    row.lag === undefined || !row.isRunning ? '' : lagText(row.lag),
    troubleText(row),
    progress === undefined || progress.bytes === 0 ? '' : size(progress.bytes),
    objectsText(row),
    progress?.filtered === undefined || progress.filtered === 0 ? '' : `${count(progress.filtered)} kept back`,
  ];
}

/** Aligned lines of at most so many columns; what does not fit is left out from the right. */
export function alignCells(rows: readonly string[][], columns: number): string[] {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((cells) => displayWidth(cells[i]))));
  let fits = 0;
  for (let i = 0, width = -2; i < widths.length; i++) {
    width += widths[i] === 0 ? 0 : widths[i] + 2;
    if (width > columns) break;
    fits = i + 1;
  }
  return rows.map((cells) =>
    cells
      .slice(0, fits)
      .flatMap((cell, i) => (widths[i] === 0 ? [] : [pad(cell, widths[i])]))
      .join('  ')
      .trimEnd(),
  );
}

/** Numbers stand to the right, words to the left. */
function pad(cell: string, width: number): string {
  const space = ' '.repeat(width - displayWidth(cell));
  return /^\d/.test(cell) ? space + cell : cell + space;
}

function stateText({ state, progress, isRunning }: StageRow): string {
  if (state === 'finished') return 'done';
  // A stage is ended by Ctrl-C, or by another stage's failure, as well as by its own: the error says which.
  if (state === 'failed') return 'stopped';
  if (!isRunning) return state;
  if (progress === undefined) return 'running';
  const share = percent(progress.items, progress.itemsTotal ?? 0);
  // Totals are estimates while the table is being read: all of an estimate is not yet all.
  return share === '' ? 'running' : share === '100 %' ? '99 %' : share;
}

function objectsText({ progress }: StageRow): string {
  if (progress === undefined || progress.objects === 0) return '';
  const { objects, objectsTotal = objects } = progress;
  return objects < objectsTotal
    ? `${count(objects)} of ${counted(objectsTotal, 'object')}`
    : counted(objects, 'object');
}

function rateText(row: StageRow, nowMs: number): string {
  const rate = row.perSecond(nowMs);
  if (rate === undefined) return '';
  return row.countsBytes ? `${size(rate)}/s` : `${count(rate)}/s`;
}

function troubleText({ progress }: StageRow): string {
  if (progress === undefined) return '';
  const { deadLettered = 0, throttles, retries } = progress;
  return [
    deadLettered === 0 ? [] : `${count(deadLettered)} dead-lettered`,
    throttles === 0 ? [] : counted(throttles, 'throttle'),
    retries === 0 ? [] : `${count(retries)} ${retries === 1 ? 'retry' : 'retries'}`,
  ]
    .flat()
    .join(', ');
}
