import type { EventListener, Notice, StageName } from '../../index.ts';
import type { Session } from '../session.ts';
import { AlignedColumns } from './aligned-columns.ts';
import { ProgressBoard } from './progress-board.ts';
import { stageCells } from './stage-line.ts';
import type { StageRow } from './stage-row.ts';

const REDRAW_MS = 200;
/** Where there is no terminal: often enough to see that it lives, seldom enough for a log. */
const LINE_MS = 5000;

/** Shows the progress of a command. */
export interface ProgressView {
  hear: EventListener;
  /** Shows where it ended, and stops. */
  close(): void;
}

/** As JSON lines, as lines redrawn in place on a terminal, or as plain lines every few seconds. */
export function showProgress(
  session: Session,
  migrations: readonly string[],
  stages: readonly StageName[],
): ProgressView {
  // Summaries come last, of all migrations together, from whoever ran them.
  if (session.json)
    return {
      hear: (event) => {
        if (event.type !== 'summary') session.printJson(event);
      },
      close: () => undefined,
    };
  const board = new ProgressBoard(migrations, stages);
  return session.screen.isLive
    ? liveView(session, board, migrations.length > 1)
    : plainView(session, board, migrations.length > 1);
}

function liveView({ screen }: Session, board: ProgressBoard, several: boolean): ProgressView {
  const { green, yellow, dim } = screen.colors;
  const paintOf = (row: StageRow): ((text: string) => string) | undefined =>
    ({ waiting: dim, finished: green, failed: yellow, started: undefined, resumed: undefined })[row.state];
  const columns = new AlignedColumns();
  const draw = (): void => {
    const nowMs = performance.now();
    const rows = shown(board.rows, screen.rows);
    const lines = columns.align(
      rows.map((row) => stageCells(row, nowMs, several)),
      screen.columns - 1,
    );
    screen.set(lines.map((text, i) => ({ text, paint: paintOf(rows[i]) })));
  };
  const timer = setInterval(draw, REDRAW_MS);
  return {
    hear: (event) => {
      board.hear(event, performance.now());
      if (event.type === 'notice') screen.print(noticeText(event, several));
    },
    close: () => {
      clearInterval(timer);
      draw();
      // What was refused before it began has no progress to leave on screen.
      if (board.rows.every(({ state }) => state === 'waiting')) screen.set([]);
      screen.close();
    },
  };
}

function plainView({ screen }: Session, board: ProgressBoard, several: boolean): ProgressView {
  const say = (row: StageRow): void => {
    const cells = stageCells(row, performance.now(), several).filter((cell) => cell !== '');
    screen.print(`${cells.slice(0, several ? 2 : 1).join(' ')}: ${cells.slice(several ? 2 : 1).join(', ')}`);
  };
  const timer = setInterval(() => {
    for (const row of board.rows) if (row.isRunning) say(row);
  }, LINE_MS);
  return {
    hear: (event) => {
      const row = board.hear(event, performance.now());
      if (event.type === 'notice') screen.print(noticeText(event, several));
      if (event.type !== 'stage' || row === undefined) return;
      if (row.isRunning) screen.print(`${several ? `${row.migration} ` : ''}${row.stage}: ${event.state}`);
      else say(row);
    },
    close: () => clearInterval(timer),
  };
}

/** Where not all stages fit on the terminal, those that are running, then those that will. */
function shown(rows: readonly StageRow[], max: number): readonly StageRow[] {
  if (rows.length <= max) return rows;
  const weight = (row: StageRow): number => (row.isRunning ? 0 : row.state === 'waiting' ? 1 : 2);
  const chosen = new Set(rows.toSorted((a, b) => weight(a) - weight(b)).slice(0, max));
  return rows.filter((row) => chosen.has(row));
}

/** A notice as a line. */
export function noticeText({ migration, stage, level, message }: Notice, several: boolean): string {
  const where = [several ? [migration] : [], stage ?? []].flat().join(' ');
  return `${level === 'warning' ? 'warning: ' : ''}${where === '' ? '' : `${where}: `}${message}`;
}
