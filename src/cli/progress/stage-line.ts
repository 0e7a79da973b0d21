import { count, counted, duration, percent, size } from '../text/quantities.ts';
import type { StageRow } from './stage-row.ts';

/** What is said of a stage, most important first; the same number of cells for every stage, empty where there is nothing to say. */
export function stageCells(row: StageRow, nowMs: number, showMigration: boolean): string[] {
  const { progress } = row;
  return [
    ...(showMigration ? [row.migration] : []),
    row.stage,
    stateText(row),
    progress === undefined ? '' : counted(progress.items, row.noun),
    ...timeCells(row, nowMs),
    rateText(row, nowMs),
    troubleText(row),
    progress === undefined || progress.bytes === 0 ? '' : size(progress.bytes),
    objectsText(row),
    progress?.filtered === undefined || progress.filtered === 0 ? '' : `${count(progress.filtered)} kept back`,
  ];
}

/** How long a stage takes yet; of one that has no end, how far it lies behind: half of the changes, 99 of 100, and how many wait. */
function timeCells(row: StageRow, nowMs: number): [string, string, string] {
  const { isRunning } = row;
  const lag = isRunning ? row.lag(nowMs) : undefined;
  if (lag !== undefined) {
    const { medianMs, p99Ms, waiting } = lag;
    return [
      medianMs === undefined ? '' : `lag ${duration(medianMs / 1000)}`,
      p99Ms === undefined ? '' : `p99 ${duration(p99Ms / 1000)}`,
      waiting > 0 ? `${count(waiting)} waiting` : '',
    ];
  }
  const left = isRunning ? row.secondsLeft(nowMs) : undefined;
  return [left === undefined ? '' : `${duration(left)} left`, '', ''];
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
