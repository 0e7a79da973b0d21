import type { CopyStatus, CopySummary } from '../../index.ts';
import type { Session } from '../session.ts';
import { count, duration, size, sizeOf } from './quantities.ts';

/** Where a copy stands, for people. */
export function copyStatusText(
  { copy, running, last, progress, failedFile }: CopyStatus,
  { bold }: Session['colors'],
): string {
  const rows: [string, string][] = [
    ['state', running ? 'running' : last === undefined ? 'not run yet' : stateOf(last.summary)],
    ...(progress === undefined ? [] : [['progress', progressText(progress)] satisfies [string, string]]),
    ...(last === undefined ? [] : [['last run', lastText(last)] satisfies [string, string]]),
    ...(failedFile === undefined ? [] : [['failed', failedFile] satisfies [string, string]]),
  ];
  return [bold(copy), ...rows.map(([name, text]) => `  ${name.padEnd(10)}${text}`)].join('\n');
}

function stateOf({ ok, failed, archived, error }: CopySummary): string {
  if (error !== undefined) return `ended with ${error.code}`;
  return ok && failed + archived === 0 ? 'done' : 'ended with objects left';
}

function progressText({ updatedMs, event }: NonNullable<CopyStatus['progress']>): string {
  const { listed, copied, objectsTotal, bytes, bytesTotal, failed } = event;
  const trouble = failed > 0 ? `, ${count(failed)} failed` : '';
  return `${count(listed)} listed, ${count(copied)} of ${count(objectsTotal)} copied, ${sizeOf(bytes, bytesTotal)}${trouble} (${new Date(updatedMs).toISOString()})`;
}

function lastText({ finishedMs, summary }: NonNullable<CopyStatus['last']>): string {
  const { listed, same, copied, bytes, failed, archived, deleted, seconds } = summary;
  const parts = [
    `${count(listed)} listed`,
    `${count(same)} the same`,
    `${count(copied)} copied (${size(bytes)})`,
    deleted > 0 ? `${count(deleted)} deleted` : [],
    failed > 0 ? `${count(failed)} failed` : [],
    archived > 0 ? `${count(archived)} archived` : [],
  ];
  return `${new Date(finishedMs).toISOString()}, ${duration(seconds)}: ${parts.flat().join(', ')}`;
}
