import type { CopyMode, CopySummary } from '../../index.ts';
import { printable } from '../../stages/inspect/text-table.ts';
import type { Amount } from '../copy/decisions.ts';
import type { Session } from '../session.ts';
import { count, counted, duration, size } from './quantities.ts';

/** What a copy's summary is told with. */
export interface CopySummaryOf {
  mode: CopyMode;
  /** Whether what the source does not have is deleted. */
  deletes: boolean;
  /** Of what would be copied, by reason. */
  byReason?: ReadonlyMap<string, Amount>;
  /** How long a dry run's objects would take, and by what that is reckoned. */
  estimate?: { seconds: number; by: string } | undefined;
}

type Row = [name: string, objects: number, words: string];

/** The end of a copy in words. */
export function copySummaryText(summary: CopySummary, of: CopySummaryOf, { colors }: Pick<Session, 'colors'>): string {
  const { bold, green, yellow } = colors;
  const whole = summary.ok && summary.failed + summary.archived === 0;
  const title = `${summary.copy}: ${titleOf(summary, of)}`;
  // What is not there to tell of takes no line, but for what everybody looks for.
  const rows = rowsOf(summary, of).filter(([name, objects]) => objects > 0 || lookedFor.has(name));
  const width = Math.max(...rows.map(([, objects]) => count(objects).length));
  const lines = rows.flatMap(([name, objects, words]) => [
    `  ${name.padEnd(10)}${count(objects).padStart(width)}  ${words}`,
    ...(name === 'failed' ? failureLines(summary) : []),
  ]);
  return [bold(whole ? green(title) : yellow(title)), ...lines, ...restOf(summary, of)].join('\n');
}

const lookedFor: ReadonlySet<string> = new Set(['listed', 'copied', 'to copy']);

/** Errors of runs that came to their end all the same. */
const wentThrough: ReadonlySet<string> = new Set(['COPY_DIFFERENT', 'OBJECTS_FAILED', 'OBJECT_ARCHIVED']);

function titleOf(summary: CopySummary, { mode, deletes }: CopySummaryOf): string {
  const took = duration(summary.seconds);
  if (summary.error !== undefined && !wentThrough.has(summary.error.code))
    return `ended after ${took}, not whole; so far`;
  if (mode === 'dry-run') return `a dry run of ${took}; nothing was copied`;
  if (mode === 'verify')
    return summary.error !== undefined || differences(summary, deletes) > 0
      ? `compared in ${took}; the sides differ`
      : `compared in ${took}; the target has all of the source`;
  return summary.failed + summary.archived > 0
    ? `ended after ${took}; not everything is at the target`
    : `done in ${took}`;
}

/** What a run would change: objects to copy, and to delete where that is asked for. */
export function differences({ toCopy, extra }: CopySummary, deletes: boolean): number {
  return toCopy + (deletes ? extra : 0);
}

function rowsOf(summary: CopySummary, { mode, deletes, byReason }: CopySummaryOf): Row[] {
  const looksOnly = mode === 'dry-run' || mode === 'verify';
  const goodput = summary.seconds > 0 && summary.bytes > 0 ? `, ${size(summary.bytes / summary.seconds)}/s` : '';
  const object = summary.copied === 1 ? 'object' : 'objects';
  return [
    ['listed', summary.listed, `${summary.listed === 1 ? 'object' : 'objects'} of the source`],
    ['left out', summary.excluded, 'by patterns, times and sizes'],
    ['same', summary.same, 'at both sides'],
    ...(looksOnly ? [] : [['copied', summary.copied, `${object}, ${size(summary.bytes)}${goodput}`] satisfies Row]),
    ...(looksOnly || summary.toCopy > 0
      ? [['to copy', summary.toCopy, `${size(summary.toCopyBytes)}${reasons(byReason)}`] satisfies Row]
      : []),
    ['vanished', summary.vanished, 'from the source before they could be read'],
    [
      'failed',
      summary.failed,
      summary.failedFile === undefined
        ? 'could not be copied'
        : `listed in ${summary.failedFile}; --retry-failed tries them again`,
    ],
    [
      'archived',
      summary.archived,
      summary.archived === 1
        ? 'must be restored from its archive first, and is copied by the next run'
        : 'must be restored from their archive first, and are copied by the next run',
    ],
    ['deleted', summary.deleted, 'that the source does not have'],
    [
      'extra',
      summary.extra,
      deletes && looksOnly ? 'that the source does not have, to be deleted' : 'that the source does not have',
    ],
    [
      'retries',
      summary.retries,
      summary.retries === 1 ? 'request that was sent again' : 'requests that were sent again',
    ],
    ['throttles', summary.throttles, `${summary.throttles === 1 ? 'time' : 'times'} that a service asked to slow down`],
  ];
}

/** The commonest kinds of failures, each with the reason of one object. */
function failureLines({ failures = [] }: CopySummary): string[] {
  return failures.map(
    ({ code, objects, reason }) =>
      `    ${count(objects)} ${code}${objects === 1 ? '' : ', such as'}: ${printable(reason)}`,
  );
}

function reasons(byReason: ReadonlyMap<string, Amount> | undefined): string {
  if (byReason === undefined || byReason.size === 0) return '';
  const parts = [...byReason].map(
    ([reason, { objects, bytes }]) => `${count(objects)} ${words[reason] ?? reason} (${size(bytes)})`,
  );
  return `: ${parts.join(', ')}`;
}

/** Reasons as they are said of objects. */
const words: Readonly<Record<string, string>> = {
  missing: 'missing',
  size: 'of another size',
  etag: 'with another ETag',
  newer: 'newer at the source',
  checksum: 'with another checksum',
  retry: 'that failed last time',
};

function restOf({ toCopy }: CopySummary, { mode, estimate }: CopySummaryOf): string[] {
  if (mode !== 'dry-run' || toCopy === 0 || estimate === undefined) return [];
  return [`  ${'time'.padEnd(10)}about ${duration(estimate.seconds)} ${estimate.by}, for ${counted(toCopy, 'object')}`];
}
